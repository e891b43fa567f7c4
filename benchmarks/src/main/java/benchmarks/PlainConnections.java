package benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 without TLS, on one selector. */
final class PlainConnections implements Connections {
    private final InetSocketAddress server;
    private final Selector selector = Selector.open();
    private final byte[] bytes = new byte[256 << 10];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    private @Nullable SocketChannel publisher;

    PlainConnections(InetSocketAddress server) throws IOException {
        this.server = server;
    }

    @Override
    public void open(String path, Receiver receiver) throws IOException {
        SocketChannel channel = connect();
        channel.write(ByteBuffer.wrap(request(path)));
        channel.register(selector, SelectionKey.OP_READ, new Http1Stream(receiver));
    }

    /** Returns the request for a stream over HTTP/1.1. */
    static byte[] request(String path) {
        return "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
                .formatted(path)
                .getBytes(US_ASCII);
    }

    @Override
    public void connectPublisher(Bytes responses) throws IOException {
        SocketChannel channel = connect();
        channel.register(selector, SelectionKey.OP_READ, responses);
        publisher = channel;
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(server);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        return channel;
    }

    @Override
    public void send(byte[] request) throws IOException {
        SocketChannel channel = publisher;
        if (channel == null) {
            throw new IllegalStateException("the publisher has no connection");
        }
        ByteBuffer rest = ByteBuffer.wrap(request);
        // The few requests that may be unread are far smaller than the socket's buffer: this loop
        // does not spin.
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
    }

    @Override
    public void pump(long until) throws IOException {
        long millis = (until - System.nanoTime() + 999_999) / 1_000_000;
        if (millis > 0) {
            selector.select(this::read, millis);
        } else {
            selector.selectNow(this::read);
        }
    }

    private void read(SelectionKey key) {
        var reader = (Bytes) key.attachment();
        try {
            buffer.clear();
            int count = ((SocketChannel) key.channel()).read(buffer);
            if (count < 0) {
                key.channel().close();
                ended(reader);
                return;
            }
            reader.take(bytes, 0, count);
        } catch (IOException e) {
            key.cancel();
            ended(reader);
        }
    }

    private static void ended(Bytes reader) {
        if (reader instanceof Http1Stream stream) {
            stream.ended();
        } else {
            throw new IllegalStateException("the connection of the publisher has ended");
        }
    }

    @Override
    public void closeStreams() throws IOException {
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof Http1Stream) {
                key.channel().close();
            }
        }
        selector.selectNow();
    }

    @Override
    public void resumeSessions() {
        throw new IllegalStateException("there are no sessions without TLS");
    }

    @Override
    public int fullHandshakes() {
        return 0;
    }

    @Override
    public void close() throws IOException {
        if (!selector.isOpen()) {
            return;
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
