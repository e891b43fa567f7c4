package microdot.testing;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import microdot.Body;
import microdot.Headers;
import microdot.Request;
import microdot.Response;

/**
 * A request in the making: {@code client.request("POST", "/x").query("dry", "yes").json(order)
 * .send()}. Its methods change it and return it; {@link #send} or {@link #stream} sends it. For one
 * thread.
 */
public final class TestRequest {
    private static final InetSocketAddress CLIENT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private static final byte[] NO_BYTES = {};

    private final TestClient client;
    private final String method;
    private final String target;
    private final Headers headers = new Headers();
    private final List<String> query = new ArrayList<>();
    private final List<String> cookies = new ArrayList<>();
    private final List<String> form = new ArrayList<>();
    private byte[] body = NO_BYTES;

    TestRequest(TestClient client, String method, String target) {
        this.client = client;
        this.method = method;
        this.target = target;
        headers.set("Host", "localhost");
    }

    /**
     * Sets a header field in place of its former value.
     *
     * @throws IllegalArgumentException when no client could send it
     */
    public TestRequest header(String name, String value) {
        headers.set(name, value);
        return this;
    }

    /** Adds a query parameter, encoded, to those that the target has. */
    public TestRequest query(String name, String value) {
        query.add(pair(name, value));
        return this;
    }

    /** Adds a cookie, as it is. */
    public TestRequest cookie(String name, String value) {
        cookies.add(name + "=" + value);
        return header("Cookie", String.join("; ", cookies));
    }

    /** Comes as an {@code EventSource} that had this id last: {@code Last-Event-ID}, in UTF-8. */
    public TestRequest lastEventId(String id) {
        byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
        return header("Last-Event-ID", new String(utf8, StandardCharsets.ISO_8859_1));
    }

    /** Sets the body as it is, without a content type. */
    public TestRequest bytes(byte[] bytes) {
        body = bytes.clone();
        return this;
    }

    /** Sets a body of plain text in UTF-8. */
    public TestRequest text(String text) {
        return typed(text.getBytes(StandardCharsets.UTF_8), "text/plain; charset=UTF-8");
    }

    /**
     * Sets a body of JSON, by the application's codec.
     *
     * @throws IllegalArgumentException when the value cannot be written
     */
    public TestRequest json(Object value) {
        return typed(client.app().jsonCodec().encode(value), "application/json");
    }

    /** Adds a field to a body that is a form. */
    public TestRequest form(String name, String value) {
        form.add(pair(name, value));
        byte[] fields = String.join("&", form).getBytes(StandardCharsets.US_ASCII);
        return typed(fields, "application/x-www-form-urlencoded");
    }

    /** Sets a body: bytes as they are, text as text, anything else as JSON. */
    public TestRequest body(Object value) {
        return switch (value) {
            case byte[] bytes -> bytes(bytes);
            case CharSequence text -> text(text.toString());
            default -> json(value);
        };
    }

    private TestRequest typed(byte[] bytes, String contentType) {
        body = bytes;
        // What the test has said itself, it means.
        return headers.contains("Content-Type") ? this : header("Content-Type", contentType);
    }

    private static String pair(String name, String value) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8)
                + "="
                + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /**
     * Sends the request and gives the whole answer.
     *
     * @throws AssertionError when the handler does not answer, or answers with a stream, which has
     *     no end: use {@link #stream}
     */
    public TestResponse send() {
        Response response = new Exchange(client.app(), this, null).head(this, client.patience());
        if (response.body() instanceof Body.Stream && !method.equals("HEAD")) {
            throw new AssertionError(this + " answers with a stream (expected: a call of stream)");
        }
        return TestResponse.of(response, !method.equals("HEAD"), client.app().jsonCodec());
    }

    /**
     * Opens a stream. Its handler runs on a virtual thread of its own, as in a server.
     *
     * @throws AssertionError when the answer is no stream; the message has its status and text
     */
    public TestStream stream() {
        return stream(false);
    }

    /**
     * Opens a stream whose client does not read until {@link TestStream#resume}.
     *
     * @throws AssertionError as {@link #stream} does
     */
    public TestStream pausedStream() {
        return stream(true);
    }

    private TestStream stream(boolean paused) {
        var received = new Received(client.patience());
        var sink = new StreamSink(received, paused);
        var exchange = new Exchange(client.app(), this, method.equals("HEAD") ? null : sink);
        Response response = exchange.head(this, client.patience());
        if (!(response.body() instanceof Body.Stream) || method.equals("HEAD")) {
            TestResponse answer = TestResponse.of(response, true, client.app().jsonCodec());
            throw new AssertionError(this + " answers " + answer + " (expected: a stream)");
        }
        return client.opened(new TestStream(this, response, exchange, sink, received));
    }

    Duration patience() {
        return client.patience();
    }

    Request build() {
        // A copy, for a request makes its headers read-only, and a test may send this once more.
        var fields = new Headers();
        headers.forEach(fields::add);
        return new Request(method, wholeTarget(), fields, body, CLIENT, "http");
    }

    private String wholeTarget() {
        if (query.isEmpty()) {
            return target;
        }
        return target + (target.indexOf('?') < 0 ? "?" : "&") + String.join("&", query);
    }

    @Override
    public String toString() {
        return method + " " + wholeTarget();
    }
}
