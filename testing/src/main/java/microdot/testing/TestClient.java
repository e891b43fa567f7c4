package microdot.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.internal.TopicTime;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;

/**
 * Calls an application as a client does, without a socket: handlers run on virtual threads, with
 * hooks and streams as in a server. It keeps cookies as a browser does. Every method may be called
 * from any thread. Close it at the end of the test: {@link #close} fails when a stream was left
 * open, when its handler still runs, or when it ended with events that the test did not take.
 */
public final class TestClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Microdot app;
    private final Map<String, String> headers;
    private final Duration patience;
    private final ServerOptions options;
    private final ClientState state;

    /** Creates a client that adds no headers and waits at most 5 seconds for what it expects. */
    public TestClient(Microdot app) {
        this(app, Map.of(), PATIENCE, new ServerOptions(), new ClientState());
    }

    private TestClient(
            Microdot app,
            Map<String, String> headers,
            Duration patience,
            ServerOptions options,
            ClientState state) {
        this.app = Given.value(app, "app", "an application");
        this.headers = headers;
        this.patience = Given.value(patience, "time", "a duration");
        this.options = Given.value(options, "options", "options");
        this.state = state;
    }

    /**
     * Returns a client that sends this header field with every request. The two share cookies and
     * time, and this client's {@link #close} checks the streams of that client too.
     */
    public TestClient header(String name, String value) {
        Given.value(name, "name", "a name such as Accept");
        Given.value(value, "value", "a text");
        var more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new TestClient(app, more, patience, options, state);
    }

    /**
     * Returns a client that waits at most this time for what it expects before it fails; default 5
     * seconds. Set hours for a test in a debugger. The two share what {@link #header} says.
     */
    public TestClient patience(Duration time) {
        return new TestClient(app, headers, time, options, state);
    }

    /**
     * Returns a client whose streams have the {@link ServerOptions#heartbeat heartbeat} and the
     * {@link ServerOptions#maxStreamAge maxStreamAge} of a server with these options; other options
     * do not count. A stream lasts the whole age. The two share what {@link #header} says.
     */
    public TestClient serverOptions(ServerOptions options) {
        return new TestClient(app, headers, patience, options, state);
    }

    // ---- Time and cookies ----

    /** Lets {@link #advance} also move the time of these topics. Returns this client. */
    public TestClient topics(Topics topics) {
        state.topics.add(Given.value(topics, "topics", "topics of the application"));
        return this;
    }

    /**
     * Lets time pass, without waiting: open streams get the heartbeats of this time, at most
     * 10,000, and end at their {@link microdot.sse.Sse#closeAt closeAt} and their maximum age;
     * cookies expire. Events and rows of the topics that {@link #topics} names age ({@link
     * microdot.sse.TopicOptions#keepFor}, {@link microdot.sse.TableOptions#ttl}, {@link
     * microdot.sse.RunOptions#keepFor}). Has no effect on what an application measures itself.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public void advance(Duration time) {
        Given.value(time, "time", "a duration");
        state.clock.advance(time);
        state.streams.timePassed(); // First: streams are idle until something ages.
        state.topics.forEach(topics -> TopicTime.passed(topics, time));
    }

    /** Returns the value of a cookie that the application has set, or null. */
    public @Nullable String cookie(String name) {
        Given.value(name, "name", "the name of a cookie");
        return state.cookies.get(name);
    }

    /** Forgets all cookies, as a browser that starts anew. */
    public void clearCookies() {
        state.cookies.clear();
    }

    // ---- Requests ----

    /**
     * Returns a request to fill in and send.
     *
     * @param target a path, optionally with a query, encoded as in a request line
     */
    public TestRequest request(String method, String target) {
        var request = new TestRequest(app, patience, options, state, method, target);
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

    /** Sends a POST without a body. */
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

    /** Opens a stream with GET; see {@link TestRequest#stream}. */
    public TestStream stream(String target) {
        return request("GET", target).stream();
    }

    /**
     * Waits for the end of every stream and of its handler. Fails when one does not end, or when an
     * event arrived that the test did not take. Does not wait for a stream that was forgotten: one
     * that only follows topics, or whose handler sleeps.
     *
     * @throws AssertionError that names what is left, and where the stream was opened
     */
    public void assertNothingLeft() {
        state.streams.assertNothingLeft();
    }

    /**
     * Checks what {@link #assertNothingLeft} checks and closes every stream in any case.
     *
     * @throws AssertionError that names what was left
     */
    @Override
    public void close() {
        state.streams.close();
    }
}
