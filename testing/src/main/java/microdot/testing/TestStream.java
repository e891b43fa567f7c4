package microdot.testing;

import java.time.Duration;
import java.util.List;
import microdot.Body;
import microdot.Headers;
import microdot.Response;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/**
 * A stream as a client sees it. What waits, waits for an event and not for time; five seconds bound
 * it, so that a test that would hang fails and says what had come.
 */
public final class TestStream implements AutoCloseable {
    /** How a stream has ended. */
    public enum End {
        /** Properly: its handler returned, or closed it, or the server did. */
        RETURNED,
        /** Cut: its handler failed. */
        ABORTED,
        /** By this client. */
        CLOSED
    }

    private final Response response;
    private final StreamSink sink = new StreamSink();
    private final Thread handler;

    TestStream(Response response, Body.StreamWriter writer) {
        this.response = response;
        this.handler = Thread.ofVirtual().name("test-handler").start(() -> sink.run(writer));
    }

    public int status() {
        return response.status();
    }

    public Headers headers() {
        return response.headers();
    }

    /** The first value of the response's field, or null. */
    public @Nullable String header(String name) {
        return response.headers().get(name);
    }

    /**
     * Waits for the next event and takes it. Its data is a String, and its id the one that is in
     * force.
     *
     * @throws AssertionError when none comes; the message says what came before, and how the stream
     *     ended
     */
    public Event next() {
        return sink.next();
    }

    /**
     * Takes events until one of this name comes, {@code message} being that of those without one.
     */
    public Event await(String name) {
        while (true) {
            Event event = next();
            if (name.equals(event.event() == null ? "message" : event.event())) {
                return event;
            }
        }
    }

    /**
     * Takes events until one comes that has the expected one's data (as text) and, where it has
     * them, its name and id.
     */
    public Event await(Event expected) {
        while (true) {
            Event event = next();
            if (matches(expected, event)) {
                return event;
            }
        }
    }

    private static boolean matches(Event expected, Event event) {
        return expected.data().toString().equals(event.data())
                && (expected.event() == null || expected.event().equals(event.event()))
                && (expected.id() == null || expected.id().equals(event.id()));
    }

    /** The comments so far, heartbeats included. */
    public List<String> comments() {
        return sink.comments();
    }

    /** The id with which this client would come again; empty when there was none. */
    public String lastEventId() {
        return sink.lastEventId();
    }

    /** The time to reconnect that the client was told last, or null. */
    public @Nullable Duration retry() {
        return sink.retry();
    }

    public boolean isOpen() {
        return sink.isOpen();
    }

    /** Waits for the stream's end. */
    public End awaitEnd() {
        return sink.awaitEnd();
    }

    /** Stops to read: once 64 KiB wait, the handler's send blocks. */
    public void pause() {
        sink.pause(true);
    }

    /** Reads again. */
    public void resume() {
        sink.pause(false);
    }

    /**
     * Lets the time of a heartbeat pass: what an idle stream would get then is there when this
     * returns.
     */
    public void heartbeat() {
        sink.heartbeat();
    }

    /**
     * Ends the stream as a server does that stops, and would have its clients come again within the
     * time.
     */
    public void dismiss(Duration within) {
        sink.dismiss(within);
    }

    /**
     * Leaves, as a client that closes its connection: the handler is interrupted. Waits until it
     * has finished.
     *
     * @throws AssertionError when it does not
     */
    @Override
    public void close() {
        sink.leave();
        awaitHandler();
    }

    private void awaitHandler() {
        try {
            if (!handler.join(StreamSink.PATIENCE)) {
                throw new AssertionError("the handler still runs although its client has left");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for the handler", e);
        }
    }

    /**
     * Fails when the stream is open, when its handler runs, or when events came that nobody took.
     *
     * @throws AssertionError that says which
     */
    public void assertNothingLeft() {
        if (sink.isOpen()) {
            throw new AssertionError(
                    "the stream is still open (expected: closed by the test, or ended)");
        }
        awaitHandler();
        List<Event> left = sink.left();
        if (!left.isEmpty()) {
            throw new AssertionError("nobody took these events: " + left);
        }
    }
}
