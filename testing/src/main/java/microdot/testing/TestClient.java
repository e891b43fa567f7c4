package microdot.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import microdot.Body;
import microdot.Headers;
import microdot.JsonCodec;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;

/**
 * Calls an application as a client would, without a socket. For one thread. Close it at the test's
 * end: it fails when a stream was left open or holds events that nobody took.
 */
public final class TestClient implements AutoCloseable {
    private static final InetSocketAddress CLIENT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private static final byte[] NO_BYTES = {};

    private final Microdot app;
    private final Map<String, String> headers;
    private final List<TestStream> streams;

    /** A client without headers of its own. */
    public TestClient(Microdot app) {
        this(app, Map.of(), new ArrayList<>());
    }

    private TestClient(Microdot app, Map<String, String> headers, List<TestStream> streams) {
        this.app = app;
        this.headers = headers;
        this.streams = streams;
    }

    /**
     * A client that sends this header with every request. Its streams are looked after by this one
     * too.
     */
    public TestClient header(String name, String value) {
        var more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new TestClient(app, more, streams);
    }

    public TestResponse get(String target) {
        return request("GET", target, NO_BYTES);
    }

    public TestResponse head(String target) {
        return request("HEAD", target, NO_BYTES);
    }

    public TestResponse options(String target) {
        return request("OPTIONS", target, NO_BYTES);
    }

    public TestResponse delete(String target) {
        return request("DELETE", target, NO_BYTES);
    }

    /** Sends a body: text and bytes as they are, anything else as JSON. */
    public TestResponse post(String target, Object body) {
        return request("POST", target, bytes(body));
    }

    /** Sends a body as {@link #post} does. */
    public TestResponse put(String target, Object body) {
        return request("PUT", target, bytes(body));
    }

    /** Sends a body as {@link #post} does. */
    public TestResponse patch(String target, Object body) {
        return request("PATCH", target, bytes(body));
    }

    private static byte[] bytes(Object body) {
        return switch (body) {
            case CharSequence text -> text.toString().getBytes(StandardCharsets.UTF_8);
            case byte[] bytes -> bytes;
            default -> JsonCodec.standard().encode(body);
        };
    }

    /**
     * Sends a request and gives the whole answer.
     *
     * @throws AssertionError when the answer is a stream, for that has no end: use {@link #stream}
     */
    public TestResponse request(String method, String target, byte[] body) {
        Response response = app.handle(build(method, target, body));
        if (response.body() instanceof Body.Stream && !method.equals("HEAD")) {
            throw new AssertionError(
                    method + " " + target + " answers with a stream (expected: a call of stream)");
        }
        byte[] content = method.equals("HEAD") ? NO_BYTES : content(response.body());
        return new TestResponse(response.status(), response.headers(), content);
    }

    private Request build(String method, String target, byte[] body) {
        var fields = new Headers();
        fields.set("Host", "localhost");
        headers.forEach(fields::set);
        return new Request(method, target, fields, body, CLIENT, "http");
    }

    private static byte[] content(Body body) {
        return switch (body) {
            case Body.Empty empty -> NO_BYTES;
            case Body.Bytes bytes -> bytes.bytes();
            case Body.File file -> read(file);
            case Body.Stream stream -> NO_BYTES;
        };
    }

    private static byte[] read(Body.File file) {
        try (var channel = FileChannel.open(file.path())) {
            var buffer = ByteBuffer.allocate(Math.toIntExact(file.length()));
            channel.read(buffer, file.offset());
            return buffer.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Opens a stream. Its handler runs on a virtual thread, as in a server.
     *
     * @throws AssertionError when the answer is no stream; the message has its status and text
     */
    public TestStream stream(String target) {
        Request request = build("GET", target, NO_BYTES);
        Response response = app.handle(request);
        if (!(response.body() instanceof Body.Stream body)) {
            throw new AssertionError(
                    "GET "
                            + target
                            + " answers "
                            + response.status()
                            + " "
                            + new String(content(response.body()), StandardCharsets.UTF_8)
                            + " (expected: a stream)");
        }
        var stream = new TestStream(response, body.writer());
        streams.add(stream);
        return stream;
    }

    /**
     * Fails when a handler still runs, or a stream holds events that nobody took.
     *
     * @throws AssertionError that names what is left
     */
    public void assertNothingLeft() {
        streams.forEach(TestStream::assertNothingLeft);
    }

    /**
     * Closes every stream, after {@link #assertNothingLeft} for those that have ended and for their
     * events.
     */
    @Override
    public void close() {
        try {
            assertNothingLeft();
        } finally {
            streams.forEach(TestStream::close);
        }
    }
}
