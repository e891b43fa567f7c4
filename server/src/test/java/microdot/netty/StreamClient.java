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
import javax.net.ssl.SSLContext;
import microdot.sse.Event;
import microdot.sse.EventParser;
import org.jspecify.annotations.Nullable;

/**
 * One connection that requests an event stream, driven by events: it reads, stalls, reads a little,
 * and disconnects. Confined to its loop.
 */
final class StreamClient implements ResponseReader.Target {
    /** Receives what arrives, on the client's loop. */
    interface Reader {
        /** The head of the response has arrived. */
        default void opened(StreamClient client) {}

        void event(StreamClient client, Event event);

        /** The server has ended the stream, with the last chunk (properly) or without. */
        default void ended(StreamClient client, boolean properly) {}
    }

    /** The address, the path, the size of the receive buffer, and TLS if it is not null. */
    record RequestTarget(int port, String path, int receiveBuffer, @Nullable SSLContext tls) {
        RequestTarget(int port, String path, int receiveBuffer) {
            this(port, path, receiveBuffer, null);
        }

        /** With the default buffers of the kernel. */
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
    private final @Nullable ClientTls tls;
    private String head = "";
    private long allowance = Long.MAX_VALUE;

    /** Connects from the given address; on its loop. */
    StreamClient(
            ClientLoop loop,
            InetSocketAddress from,
            RequestTarget target,
            @Nullable String lastEventId,
            Reader reader) {
        this.loop = loop;
        this.reader = reader;
        this.request = request(target.path, lastEventId);
        this.tls = target.tls == null ? null : new ClientTls(target.tls.createSSLEngine());
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

    /** Returns a different address for each client, so that ports never run out. */
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

    /** Returns the last reconnect delay that the stream sent. */
    @Nullable Duration retry() {
        return parser.retry();
    }

    String lastEventId() {
        return parser.lastEventId();
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    // ---- Actions ----

    /** Stops reading; the bytes in the socket buffers stay there. */
    void stall() {
        take(0);
    }

    /** Reads everything. */
    void read() {
        take(Long.MAX_VALUE);
    }

    /** Reads the given number of bytes, then stalls. */
    void take(long bytes) {
        allowance = bytes;
        // Nothing to change before the connection is made or after it was closed.
        if (key.isValid() && key.interestOps() != SelectionKey.OP_CONNECT) {
            key.interestOps(bytes > 0 ? SelectionKey.OP_READ : 0);
        }
    }

    /** Closes the sending side and reads until the server closes too. */
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

    // ---- Events ----

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
        if (tls == null) {
            int written = channel.write(ByteBuffer.wrap(request));
            if (written < request.length) {
                throw new AssertionError(
                        written + " bytes of the request were sent (expected: all)");
            }
        } else {
            tls.begin(channel, request);
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
            if (tls == null) {
                answer.feed(loop.bytes, count);
            } else {
                tls.received(channel, loop.bytes, count, answer::feed);
            }
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
