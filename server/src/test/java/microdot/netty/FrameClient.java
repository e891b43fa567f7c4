package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends any frames of HTTP/2 (RFC 9113), also those that no well-behaved client would
 * send. It enlarges no window by itself. For one thread, except {@link #flood}.
 */
final class FrameClient implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    /** The setting SETTINGS_INITIAL_WINDOW_SIZE. */
    static final int INITIAL_WINDOW = 4;

    static final int NO_ERROR = 0;
    static final int PROTOCOL_ERROR = 1;
    static final int FLOW_CONTROL_ERROR = 3;
    static final int REFUSED_STREAM = 7;
    static final int CANCEL = 8;
    static final int ENHANCE_YOUR_CALM = 11;

    /** The code of a connection that was closed without GOAWAY. */
    static final int NONE = -1;

    private static final int PATIENCE_MS = 20_000;
    private static final int MOST_FLOOD = 64 << 20;
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1);

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(true);

    /** A frame of the server; {@code head} if it has header fields. */
    record Frame(int type, int flags, int id, byte[] payload, @Nullable Http2Headers head) {
        boolean isEnd() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        String text() {
            return new String(payload, UTF_8);
        }

        /** Returns the error code of RST_STREAM or GOAWAY. */
        int error() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
        }

        /** Returns the last stream that a GOAWAY names. */
        int lastStream() {
            return ByteBuffer.wrap(payload).getInt(0);
        }

        /** Returns the status, or why there is none. */
        String outcome() {
            return head == null ? "RST_STREAM " + error() : head.status().toString();
        }
    }

    /** Connects, and sends nothing yet. */
    FrameClient(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(PATIENCE_MS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
    }

    /** Connects, and sends the preface and the settings: numbers and values. */
    static FrameClient of(Served served, int... settings) throws IOException {
        return new FrameClient(served.server.port(), 0).preface().settings(settings);
    }

    FrameClient preface() throws IOException {
        return send(PREFACE);
    }

    FrameClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    // ---- Frames ----

    static byte[] frame(int type, int flags, int id, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(id)
                .put(payload)
                .array();
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    /** Returns fields, names and values by turns, as HPACK literals that are not indexed. */
    static byte[] fields(String... fields) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i++) {
            if (i % 2 == 0) {
                bytes.write(0);
            }
            byte[] text = fields[i].getBytes(ISO_8859_1);
            length(bytes, text.length);
            bytes.writeBytes(text);
        }
        return bytes.toByteArray();
    }

    /** RFC 7541, section 5.1, with a prefix of 7 bits. */
    static void length(ByteArrayOutputStream bytes, int length) {
        if (length < 127) {
            bytes.write(length);
            return;
        }
        bytes.write(127);
        int rest = length - 127;
        for (; rest >= 128; rest >>= 7) {
            bytes.write(rest % 128 + 128);
        }
        bytes.write(rest);
    }

    /** Returns the head of a request, which is all of it if the method is GET. */
    static byte[] request(int id, String method, String path, String... others) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(
                fields(":method", method, ":scheme", "http", ":path", path, ":authority", "x"));
        all.writeBytes(fields(others));
        int end = method.equals("GET") ? END_STREAM : 0;
        return frame(HEADERS, END_HEADERS | end, id, all.toByteArray());
    }

    static byte[] reset(int id) {
        return frame(RST_STREAM, 0, id, number(CANCEL));
    }

    static byte[] window(int id, int more) {
        return frame(WINDOW_UPDATE, 0, id, number(more));
    }

    FrameClient settings(int... settings) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(settings.length / 2 * 6);
        for (int i = 0; i < settings.length; i += 2) {
            all.putShort((short) settings[i]).putInt(settings[i + 1]);
        }
        return send(frame(SETTINGS, 0, 0, all.array()));
    }

    FrameClient get(int id, String path) throws IOException {
        return send(request(id, "GET", path));
    }

    // ---- Reading ----

    /** Returns whether bytes of the server have arrived. */
    boolean hasInput() throws IOException {
        return in.available() > 0;
    }

    /** Returns the next byte, whatever it means; -1 at the end of the connection. */
    int read() throws IOException {
        return in.read();
    }

    /** Returns the next frame; null at the end of the connection. */
    @Nullable Frame next() throws IOException {
        int first = in.read();
        if (first < 0) {
            return null;
        }
        int length = first << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int id = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        try {
            Http2Headers head =
                    type == HEADERS
                            ? decoder.decodeHeaders(id, Unpooled.wrappedBuffer(payload))
                            : null;
            return new Frame(type, flags, id, payload, head);
        } catch (Http2Exception e) {
            throw new IOException(e);
        }
    }

    /** Skips frames up to one that the test accepts. */
    Frame next(Predicate<Frame> test) throws IOException {
        for (Frame frame = next(); frame != null; frame = next()) {
            if (test.test(frame)) {
                return frame;
            }
        }
        throw new AssertionError("the connection ended");
    }

    Frame next(int type, int id) throws IOException {
        return next(frame -> frame.type == type && frame.id == id);
    }

    /** Returns the status of the response, or how the stream was reset. */
    String outcome(int id) throws IOException {
        return next(frame -> frame.id == id && (frame.type == HEADERS || frame.type == RST_STREAM))
                .outcome();
    }

    /** Returns the body of a stream up to its end; the windows must have room for it. */
    String body(int id) throws IOException {
        var text = new StringBuilder();
        Frame frame;
        do {
            frame = next(next -> next.id == id && (next.type == DATA || next.type == RST_STREAM));
            text.append(frame.type == DATA ? frame.text() : frame.outcome());
        } while (frame.type == DATA && !frame.isEnd());
        return text.toString();
    }

    /** Reads up to the end of the connection; returns the last GOAWAY's error code. */
    int closed() throws IOException {
        int code = NONE;
        try {
            for (Frame frame = next(); frame != null; frame = next()) {
                code = frame.type == GOAWAY ? frame.error() : code;
            }
        } catch (java.net.SocketException | java.io.EOFException reset) {
            // The server has closed it while the client was sending.
        }
        return code;
    }

    /** Sends until the server closes the connection; returns the last GOAWAY's error code. */
    int flood(Supplier<byte[]> frames) {
        var code = new CompletableFuture<Integer>();
        Thread.startVirtualThread(
                () -> {
                    try {
                        code.complete(closed());
                    } catch (Throwable e) {
                        code.completeExceptionally(e);
                    }
                });
        try {
            for (long sent = 0; !code.isDone() && sent < MOST_FLOOD; ) {
                byte[] bytes = frames.get();
                send(bytes);
                sent += bytes.length;
            }
            socket.shutdownOutput();
        } catch (IOException closed) {
            // The code says why.
        }
        return code.join();
    }

    FrameClient shutdownOutput() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
