package microdot.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import microdot.CloseReason;
import microdot.Headers;
import microdot.Response;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/**
 * A stream as its client sees it. Its methods wait for what happens and never for a fixed time.
 * {@link TestClient#patience} limits every wait, so that a test that would hang fails with a
 * message that lists the events that arrived. Every method may be called from any thread.
 */
public final class TestStream implements AutoCloseable {
    private static final Duration RECONNECT_DELAY = Duration.ofSeconds(1);
    private static final String PACKAGE = TestStream.class.getPackageName();

    /** The classes through which a test opens a stream; by name, because they use this one. */
    private static final Set<String> OPENERS =
            Set.of(PACKAGE + ".TestStream", PACKAGE + ".TestRequest", PACKAGE + ".TestClient");

    private final String request;
    private final Response response;
    private final Exchange exchange;
    private final StreamSink sink;
    private final Received received;
    private final Duration patience;
    private final Throwable opened = new Throwable("the stream was opened here");

    TestStream(
            String request,
            Response response,
            Exchange exchange,
            StreamSink sink,
            Received received,
            Duration patience) {
        this.request = request;
        this.response = response;
        this.exchange = exchange;
        this.sink = sink;
        this.received = received;
        this.patience = patience;
        exchange.expect(
                "the stream of " + request + " did not begin",
                () -> {
                    sink.awaitBegun(patience);
                    return true;
                });
    }

    /** Returns why the stream ended; null while it is open. */
    public @Nullable CloseReason closeReason() {
        return sink.closeReason();
    }

    public int status() {
        return response.status();
    }

    public Headers headers() {
        return response.headers();
    }

    /** Returns the first value of the response's header field, or null. */
    public @Nullable String header(String name) {
        return response.headers().get(name);
    }

    /**
     * Waits for the next event and takes it. Its data is a String. Its id is the last event id of
     * the stream at that event, as in a browser.
     *
     * @throws AssertionError when no event arrives; the message lists the events before, and how
     *     the stream ended
     */
    public Event next() {
        return received.next();
    }

    /**
     * Takes events until one with this name arrives; an event without a name has the name {@code
     * message}.
     *
     * @throws AssertionError as {@link #next} does
     */
    public Event await(String name) {
        Given.value(name, "name", "a name; message for events without one");
        while (true) {
            Event event = next();
            if (name.equals(event.event() == null ? "message" : event.event())) {
                return event;
            }
        }
    }

    /**
     * Takes events until one arrives that has the expected data (as text) and, if the expected
     * event has them, the expected name and id.
     *
     * @throws AssertionError as {@link #next} does
     */
    public Event await(Event expected) {
        Given.value(expected, "expected", "an event");
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

    /** Returns the comments that arrived so far, heartbeats included. */
    public List<String> comments() {
        return received.comments();
    }

    /**
     * Returns the id that this client would reconnect with if it were disconnected after the event
     * that the test took last; empty when no event had an id.
     */
    public String lastEventId() {
        return received.lastEventId();
    }

    /** Returns the reconnect delay that the client was sent last, or null. */
    public @Nullable Duration retry() {
        return received.retry();
    }

    /** Whether the client has not seen the end yet. A paused client sees it when it reads again. */
    public boolean isOpen() {
        return received.isOpen();
    }

    /**
     * Waits for the end of the stream, of its handler, and of the actions that {@link
     * microdot.sse.Sse#onClose} was given.
     *
     * @throws AssertionError when one of these does not end
     */
    public StreamEnd awaitEnd() {
        StreamEnd end = received.awaitEnd();
        awaitFinished();
        return end;
    }

    /** Stops reading: while 64 KiB or more are unread, the handler's send blocks. */
    public void pause() {
        sink.pause(true);
    }

    /** Reads what is unread, and goes on reading. */
    public void resume() {
        sink.pause(false);
    }

    /**
     * Waits until a send blocks because this client does not read.
     *
     * @throws AssertionError when no send blocks
     */
    public void awaitBlocked() {
        exchange.expect(
                "no send is blocked (expected: a paused client, and a handler that sends more than"
                        + " 64 KiB); the handler of "
                        + request
                        + " is at",
                () -> sink.awaitBlocked(patience));
    }

    /**
     * Lets the time of a heartbeat pass. If the stream is idle, its heartbeat has arrived when this
     * returns.
     */
    public void heartbeat() {
        sink.heartbeatNow();
    }

    /**
     * Sets the clock to a time: a stream that {@link microdot.sse.Sse#closeAt} ends at or before it
     * ends now. {@link TestClient#advance} lets time pass for all streams of a client.
     */
    public void advanceTo(Instant time) {
        Given.value(time, "time", "a time");
        sink.advanceTo(time, RECONNECT_DELAY);
    }

    /** Ends the stream as a stopping server does, and sends this client a reconnect delay. */
    public void closeWithRetry(Duration reconnectDelay) {
        Given.value(reconnectDelay, "reconnectDelay", "a duration");
        sink.closeWithRetry(reconnectDelay, CloseReason.SERVER_CLOSING);
    }

    /**
     * Disconnects the client: the handler is interrupted. Waits for the end of the handler and of
     * the actions that {@link microdot.sse.Sse#onClose} was given. Drops the events that the test
     * did not take, because how much a handler sends before its client disconnects is chance.
     *
     * @throws AssertionError when the handler does not end; the message contains its stack
     */
    @Override
    public void close() {
        sink.disconnect();
        awaitFinished();
    }

    /** Does what the time that the test let pass causes. */
    void timePassed() {
        sink.timePassed(RECONNECT_DELAY);
    }

    /** Whether there is nothing to wait for: no code of the application is about to end it. */
    private boolean isForgotten() {
        Loop.call(() -> {}); // Delivers an end that is on its way.
        boolean follows = sink.isFed() && exchange.hasEnded();
        return received.isOpen() && (follows || exchange.isAsleep());
    }

    /** Returns whether the handler sleeps for a time. */
    boolean isAsleep() {
        return exchange.isAsleep();
    }

    private String whereOpened() {
        for (StackTraceElement frame : opened.getStackTrace()) {
            if (!OPENERS.contains(frame.getClassName())) {
                return frame.toString();
            }
        }
        return "an unknown place";
    }

    private void awaitFinished() {
        exchange.expect(
                "the handler of " + request + " still runs although its stream ended, at",
                () -> exchange.awaitHandler(patience));
        exchange.expect(
                "an onClose action of " + request + " still runs; the handler is at",
                () -> sink.awaitCloseActions(patience));
    }

    /**
     * Waits for the end of the stream and of its handler. Fails when one of them does not end, or
     * when an event arrived that the test did not take. Does not wait for a stream that was
     * forgotten: one that only follows topics, or whose handler sleeps.
     *
     * @throws AssertionError that names what is left, and where the stream was opened
     */
    public void assertNothingLeft() {
        if (isForgotten() || !received.endsByItself()) {
            throw new AssertionError(
                    request
                            + " is still open, opened at "
                            + whereOpened()
                            + " (expected: a call of close or awaitEnd, or its end)",
                    opened);
        }
        awaitFinished();
        List<Event> notTaken = received.notTaken();
        if (!notTaken.isEmpty()) {
            throw new AssertionError(
                    "the test did not take these events of " + request + ": " + notTaken);
        }
    }
}
