package microdot.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import microdot.Microdot;

/**
 * Calls an application as a client would, without a socket: handlers run on virtual threads, with
 * hooks and streams as in a server. Every method may be called from any thread. Close it at the
 * test's end: it fails when a stream was left open, its handler runs on, or it ended with events
 * that nobody took.
 */
public final class TestClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Microdot app;
    private final Map<String, String> headers;
    private final Duration patience;
    private final List<TestStream> streams;

    /** A client without headers of its own that waits five seconds for what must come. */
    public TestClient(Microdot app) {
        this(app, Map.of(), PATIENCE, new CopyOnWriteArrayList<>());
    }

    private TestClient(
            Microdot app,
            Map<String, String> headers,
            Duration patience,
            List<TestStream> streams) {
        this.app = app;
        this.headers = headers;
        this.patience = patience;
        this.streams = streams;
    }

    /**
     * A client that sends this header with every request. Its streams are looked after by this one
     * too.
     */
    public TestClient header(String name, String value) {
        var more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new TestClient(app, more, patience, streams);
    }

    /**
     * A client that waits so long for what must come before it fails: hours, for a test in a
     * debugger. Its streams are looked after by this one too.
     */
    public TestClient patience(Duration time) {
        return new TestClient(app, headers, time, streams);
    }

    /**
     * A request that is still to be filled and sent.
     *
     * @param target a path, perhaps with a query, encoded as in a request line
     */
    public TestRequest request(String method, String target) {
        var request = new TestRequest(this, method, target);
        headers.forEach(request::header);
        return request;
    }

    public TestResponse get(String target) {
        return request("GET", target).send();
    }

    public TestResponse head(String target) {
        return request("HEAD", target).send();
    }

    public TestResponse options(String target) {
        return request("OPTIONS", target).send();
    }

    public TestResponse delete(String target) {
        return request("DELETE", target).send();
    }

    /** Sends no body. */
    public TestResponse post(String target) {
        return request("POST", target).send();
    }

    /** Sends a body as {@link TestRequest#body} takes it: bytes, text, or a value as JSON. */
    public TestResponse post(String target, Object body) {
        return request("POST", target).body(body).send();
    }

    /** Sends a body as {@link #post(String, Object)} does. */
    public TestResponse put(String target, Object body) {
        return request("PUT", target).body(body).send();
    }

    /** Sends a body as {@link #post(String, Object)} does. */
    public TestResponse patch(String target, Object body) {
        return request("PATCH", target).body(body).send();
    }

    /** Opens a stream by GET; see {@link TestRequest#stream}. */
    public TestStream stream(String target) {
        return request("GET", target).stream();
    }

    Microdot app() {
        return app;
    }

    Duration patience() {
        return patience;
    }

    TestStream opened(TestStream stream) {
        streams.add(stream);
        return stream;
    }

    /**
     * Waits for every stream's end and its handler's; fails when they do not come, or when events
     * came that nobody took.
     *
     * @throws AssertionError that names what is left
     */
    public void assertNothingLeft() {
        failWith(run(TestStream::assertNothingLeft));
    }

    /** Closes every stream, whatever {@link #assertNothingLeft} says, and then says it. */
    @Override
    public void close() {
        List<AssertionError> left = run(TestStream::assertNothingLeft);
        left.addAll(run(TestStream::close));
        failWith(left);
    }

    private List<AssertionError> run(Consumer<TestStream> action) {
        var failures = new ArrayList<AssertionError>();
        for (TestStream stream : streams) {
            try {
                action.accept(stream);
            } catch (AssertionError e) {
                failures.add(e);
            }
        }
        return failures;
    }

    private static void failWith(List<AssertionError> failures) {
        if (!failures.isEmpty()) {
            AssertionError first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first;
        }
    }
}
