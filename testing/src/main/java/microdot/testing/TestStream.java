package microdot.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import microdot.Headers;
import microdot.Response;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/**
 * A stream as a client sees it. What waits, waits for an event and not for time; the client's
 * {@link TestClient#patience patience} bounds it, so that a test that would hang fails and says
 * what had come.
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

    private static final Duration SPREAD = Duration.ofSeconds(1);

    private final TestRequest request;
    private final Response response;
    private final Exchange exchange;
    private final StreamSink sink;
    private final Received received;
    private final Duration patience;

    TestStream(
            TestRequest request,
            Response response,
            Exchange exchange,
            StreamSink sink,
            Received received) {
        this.request = request;
        this.response = response;
        this.exchange = exchange;
        this.sink = sink;
        this.received = received;
        this.patience = request.patience();
        expect(
                "interrupted",
                () -> {
                    sink.awaitBegun(patience);
                    return true;
                });
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
        return received.next();
    }

    /**
     * Takes events until one of this name comes, {@code message} being that of those without one.
     *
     * @throws AssertionError as {@link #next} does
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
     *
     * @throws AssertionError as {@link #next} does
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
        return received.comments();
    }

    /**
     * The id with which this client would come again, were it cut behind the event that was taken
     * last; empty when there was none.
     */
    public String lastEventId() {
        return received.lastEventId();
    }

    /** The time to reconnect that the client was told last, or null. */
    public @Nullable Duration retry() {
        return received.retry();
    }

    /** Whether the client has not seen the end yet: one that is paused sees it when it reads. */
    public boolean isOpen() {
        return received.isOpen();
    }

    /**
     * Waits for the stream's end, and until its handler and what {@link microdot.sse.Sse#onClose}
     * was given have finished.
     *
     * @throws AssertionError when it does not end, or these do not finish
     */
    public End awaitEnd() {
        End end = received.awaitEnd();
        awaitFinished();
        return end;
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
     * Waits until a send waits for this client to read.
     *
     * @throws AssertionError when none comes to
     */
    public void awaitBlocked() {
        expect(
                "no send waits for the client (expected: a paused client, and a handler that sends"
                        + " more than 64 KiB)",
                () -> sink.awaitBlocked(patience));
    }

    /**
     * Lets the time of a heartbeat pass: what an idle stream would get then is there when this
     * returns.
     */
    public void heartbeat() {
        sink.heartbeat();
    }

    /**
     * Lets the clock reach a time: a stream that {@link microdot.sse.Sse#closeAt} ends by then
     * ends. No other clock does that here.
     */
    public void advanceTo(Instant time) {
        sink.advanceTo(time, SPREAD);
    }

    /**
     * Ends the stream as a server does that stops, and would have this client come again after the
     * time.
     */
    public void closeWithRetry(Duration time) {
        sink.closeWithRetry(time);
    }

    /**
     * Leaves, as a client that closes its connection: the handler is interrupted. Waits until it
     * and what {@link microdot.sse.Sse#onClose} was given have finished. What was not taken is
     * dropped: how much a handler has sent when its client leaves is chance.
     *
     * @throws AssertionError when the handler does not finish; the message says where it is
     */
    @Override
    public void close() {
        sink.leave();
        awaitFinished();
    }

    private void awaitFinished() {
        expect(
                "the handler of " + request + " still runs although its stream has ended, at",
                () -> exchange.awaitHandler(patience));
        expect("an onClose of " + request + " still runs", () -> sink.awaitAfterwards(patience));
    }

    private interface Waiting {
        boolean await() throws InterruptedException;
    }

    private void expect(String otherwise, Waiting waiting) {
        try {
            if (!waiting.await()) {
                throw new AssertionError(otherwise + exchange.where());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted; " + otherwise, e);
        }
    }

    /**
     * Waits for the stream's end and its handler's; fails when they do not come, or when events
     * came that nobody took.
     *
     * @throws AssertionError that says which
     */
    public void assertNothingLeft() {
        if (!received.endsByItself()) {
            throw new AssertionError(
                    request + " is still open (expected: closed by the test, or ended)");
        }
        awaitFinished();
        List<Event> left = received.left();
        if (!left.isEmpty()) {
            throw new AssertionError("nobody took these events of " + request + ": " + left);
        }
    }
}
