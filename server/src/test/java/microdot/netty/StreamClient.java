package microdot.netty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import microdot.sse.Event;
import microdot.sse.EventParser;
import org.jspecify.annotations.Nullable;

/**
 * One connection that asks for an event stream, driven by events: it reads, stalls, sips, and
 * breaks off. All of it happens on its loop.
 */
final class StreamClient implements ResponseReader.RequestTarget {
    /** Who is told what comes, on the client's loop. */
    interface Reader {
        /** The head of the answer is there. */
        default void opened(StreamClient client) {}

        void event(StreamClient client, Event event);

        /** The other side has ended it, whether with the last chunk or without. */
        default void ended(StreamClient client, boolean properly) {}
    }

    /** Where it goes, and what it says. */
    record RequestTarget(int port, String path, int receiveBuffer) {
        /** With the kernel's buffers as they are. */
        RequestTarget(int port, String path) {
            this(port, path, 0);
        }
    }

    private final ClientLoop loop;
    private final Reader reader;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ResponseReader answer = new ResponseReader(this);
    private final EventParser parser;
    private final byte[] request;
    private String head = "";
    private long allowance = Long.MAX_VALUE;

    /** Sets out from its address; on its loop. */
    StreamClient(
            ClientLoop loop,
            InetSocketAddress from,
            RequestTarget target,
            @Nullable String lastEventId,
            Reader reader) {
        this.loop = loop;
        this.reader = reader;
        this.request = request(target.path, lastEventId);
        this.parser = new EventParser(event -> reader.event(this, event));
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            if (target.receiveBuffer > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, target.receiveBuffer);
            }
            channel.bind(from);
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target.port));
            key = channel.register(loop.selector, SelectionKey.OP_CONNECT, this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An address of its own for each client, so that their ports are never used up. */
    static InetSocketAddress address(int number) {
        return new InetSocketAddress("127.7." + number / 250 + "." + (1 + number % 250), 0);
    }

    private static byte[] request(String path, @Nullable String lastEventId) {
        String resume = lastEventId == null ? "" : "Last-Event-ID: " + lastEventId + "\r\n";
        return ("GET "
                        + path
                        + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                        + resume
                        + "\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    String head() {
        return head;
    }

    /** What the stream said last of when to come again. */
    @Nullable Duration retry() {
        return parser.retry();
    }

    String lastEventId() {
        return parser.lastEventId();
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    // ---- What it does ----

    /** Reads nothing more; what the sockets hold stays there. */
    void stall() {
        take(0);
    }

    /** Reads whatever comes. */
    void read() {
        take(Long.MAX_VALUE);
    }

    /** Reads so many bytes, then stalls. */
    void take(long bytes) {
        allowance = bytes;
        // While it is yet to connect, or gone, there is nothing to change.
        if (key.isValid() && key.interestOps() != SelectionKey.OP_CONNECT) {
            key.interestOps(bytes > 0 ? SelectionKey.OP_READ : 0);
        }
    }

    /** Ends its side, and reads on to the end of the other. */
    void halfClose() {
        try {
            if (channel.isConnected()) {
                channel.shutdownOutput();
                read();
            }
        } catch (IOException alreadyEnded) {
            // The server was faster.
        }
    }

    void reset() {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException alreadyEnded) {
            // The server was faster.
        }
        close();
    }

    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- What happens to it ----

    void ready() {
        try {
            if (key.isConnectable()) {
                connected();
            } else if (allowance > 0) {
                receive();
            }
        } catch (IOException broken) {
            close();
            reader.ended(this, false);
        }
    }

    private void connected() throws IOException {
        channel.finishConnect();
        int written = channel.write(ByteBuffer.wrap(request));
        if (written < request.length) {
            throw new AssertionError(written + " bytes of a request were taken");
        }
        key.interestOps(0);
        take(allowance);
    }

    private void receive() throws IOException {
        ByteBuffer buffer = loop.buffer.clear();
        buffer.limit((int) Math.min(buffer.capacity(), allowance));
        int count = channel.read(buffer);
        if (count > 0) {
            take(allowance == Long.MAX_VALUE ? allowance : allowance - count);
            answer.feed(loop.bytes, count);
        }
        if (count < 0 || answer.isWhole()) {
            close();
            reader.ended(this, answer.isWhole());
        }
    }

    @Override
    public void head(String text) {
        head = text;
        reader.opened(this);
    }

    @Override
    public void body(byte[] bytes, int from, int length) {
        parser.feed(bytes, from, length);
    }
}
