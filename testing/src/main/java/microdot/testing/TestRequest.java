package microdot.testing;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import microdot.Body;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;

/**
 * Builds and sends a request: {@code client.request("POST", "/x").query("dry", "yes").json(order)
 * .send()}. Its methods change it and return it; {@link #send} or {@link #stream} sends it, and may
 * be called again. Not safe for use by several threads at the same time.
 */
public final class TestRequest {
    private static final InetSocketAddress CLIENT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private static final byte[] NO_BYTES = {};

    private final Microdot app;
    private final Duration patience;
    private final ServerOptions options;
    private final ClientState state;
    private final String method;
    private final String target;
    private final Headers headers = new Headers();
    private final List<String> query = new ArrayList<>();
    private final List<String> cookies = new ArrayList<>();
    private final Set<String> cookieNames = new HashSet<>();
    private final List<String> form = new ArrayList<>();
    private final List<MultipartForm.Field> parts = new ArrayList<>();
    private byte[] body = NO_BYTES;

    TestRequest(
            Microdot app,
            Duration patience,
            ServerOptions options,
            ClientState state,
            String method,
            String target) {
        this.app = app;
        this.patience = patience;
        this.options = options;
        this.state = state;
        this.method = Given.value(method, "method", "a name such as GET");
        this.target = Given.value(target, "target", "a path, perhaps with a query");
        headers.set("Host", "localhost");
    }

    /**
     * Sets a header field and replaces its former value.
     *
     * @throws IllegalArgumentException when the name or the value is not allowed on the wire
     */
    public TestRequest header(String name, String value) {
        headers.set(name, value);
        return this;
    }

    /** Encodes a query parameter and adds it to those of the target. */
    public TestRequest query(String name, String value) {
        query.add(pair(name, value));
        return this;
    }

    /**
     * Adds a cookie without encoding it. It replaces one of this name that the client keeps. After
     * {@code header("Cookie", ...)} only the cookies in that field are sent.
     */
    public TestRequest cookie(String name, String value) {
        Given.value(name, "name", "the name of a cookie");
        Given.value(value, "value", "a text");
        cookieNames.add(name);
        cookies.add(name + "=" + value);
        return this;
    }

    /**
     * Sets the header {@code Last-Event-ID} in UTF-8, as an {@code EventSource} does that
     * reconnects after the event with this id.
     */
    public TestRequest lastEventId(String id) {
        Given.value(id, "id", "an id");
        byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
        return header("Last-Event-ID", new String(utf8, StandardCharsets.ISO_8859_1));
    }

    /** Sets the body to these bytes, without a content type. */
    public TestRequest bytes(byte[] bytes) {
        Given.value(bytes, "bytes", "bytes, perhaps none");
        body = bytes.clone();
        return this;
    }

    /** Sets the body to plain text in UTF-8. */
    public TestRequest text(String text) {
        Given.value(text, "text", "a text");
        return typed(text.getBytes(StandardCharsets.UTF_8), "text/plain; charset=UTF-8");
    }

    /**
     * Sets the body to JSON, written by the application's codec.
     *
     * @throws IllegalArgumentException when the value cannot be written as JSON
     */
    public TestRequest json(Object value) {
        Given.value(value, "value", "a value to write as JSON");
        return typed(app.jsonCodec().encode(value), "application/json");
    }

    /** Adds a field to a form, which becomes the body. */
    public TestRequest form(String name, String value) {
        form.add(pair(name, value));
        byte[] fields = String.join("&", form).getBytes(StandardCharsets.US_ASCII);
        return typed(fields, "application/x-www-form-urlencoded");
    }

    /** Adds a text field to a {@code multipart/form-data} form, which becomes the body. */
    public TestRequest part(String name, String value) {
        Given.value(name, "name", "the name of a field");
        Given.value(value, "value", "a text");
        byte[] content = value.getBytes(StandardCharsets.UTF_8);
        return part(new MultipartForm.Field(name, null, null, content));
    }

    /** Adds a file to a {@code multipart/form-data} form, as {@link #part} adds a field. */
    public TestRequest file(String name, String fileName, String contentType, byte[] content) {
        Given.value(name, "name", "the name of a field");
        Given.value(fileName, "fileName", "a file name");
        Given.value(contentType, "contentType", "a type such as text/plain");
        Given.value(content, "content", "bytes, perhaps none");
        return part(new MultipartForm.Field(name, fileName, contentType, content.clone()));
    }

    private TestRequest part(MultipartForm.Field field) {
        parts.add(field);
        return typed(
                MultipartForm.encode(parts),
                "multipart/form-data; boundary=" + MultipartForm.BOUNDARY);
    }

    /** Sets the body: bytes unchanged, text as plain text, any other value as JSON. */
    public TestRequest body(Object value) {
        Given.value(value, "value", "bytes, text, or a value to write as JSON");
        return switch (value) {
            case byte[] bytes -> bytes(bytes);
            case CharSequence text -> text(text.toString());
            default -> json(value);
        };
    }

    private TestRequest typed(byte[] bytes, String contentType) {
        body = bytes;
        // A content type that the test set itself stays.
        return headers.contains("Content-Type") ? this : header("Content-Type", contentType);
    }

    private static String pair(String name, String value) {
        Given.value(name, "name", "a name");
        Given.value(value, "value", "a text");
        return URLEncoder.encode(name, StandardCharsets.UTF_8)
                + "="
                + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /**
     * Sends the request and waits for the whole response.
     *
     * @throws AssertionError when no response arrives in time, or when the response is a stream,
     *     which has no end: use {@link #stream}
     */
    public TestResponse send() {
        return start().response();
    }

    /** Sends the request and returns at once, so that its client can leave before the response. */
    public RunningRequest start() {
        var exchange = new Exchange(app, this::build, null);
        return new RunningRequest(
                toString(), isHead(), exchange, this::keepCookies, app.jsonCodec(), patience);
    }

    /**
     * Opens a stream. Its handler runs on its own virtual thread, as in a server.
     *
     * @throws AssertionError when the response is not a stream; the message contains its status and
     *     text
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
        var received = new Received(patience);
        var sink = new StreamSink(received, paused, state.clock, options);
        var exchange = new Exchange(app, this::build, isHead() ? null : sink);
        Response response = exchange.await(toString(), patience);
        keepCookies(response);
        if (!(response.body() instanceof Body.Stream) || isHead()) {
            TestResponse answer = TestResponse.of(response, true, app.jsonCodec());
            throw new AssertionError(this + " answers " + answer + " (expected: a stream)");
        }
        return state.streams.add(
                new TestStream(toString(), response, exchange, sink, received, patience));
    }

    private boolean isHead() {
        return method.equals("HEAD");
    }

    Request build() {
        // A copy, because a request makes its headers read-only, and a test may send this again.
        var fields = new Headers();
        headers.forEach(fields::add);
        if (!headers.contains("Cookie")) {
            var all = new ArrayList<>(cookies);
            all.addAll(state.cookies.pairs(path(), cookieNames));
            if (!all.isEmpty()) {
                fields.set("Cookie", String.join("; ", all));
            }
        }
        return new Request(method, wholeTarget(), fields, body, CLIENT, "http");
    }

    private void keepCookies(Response response) {
        state.cookies.keep(response.headers().all("Set-Cookie"), path());
    }

    private String path() {
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        int slashes = path.startsWith("/") ? -1 : path.indexOf("//");
        int slash = path.indexOf('/', slashes < 0 ? 0 : slashes + 2);
        return slash < 0 ? "/" : path.substring(slash);
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
