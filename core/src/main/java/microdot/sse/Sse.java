package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.Body;
import microdot.BodySink;
import microdot.Handler;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * One client's event stream, as its handler sees it. Every method may be called from any thread;
 * events never mix on the wire.
 */
public final class Sse {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final Request request;
    private final BodySink sink;
    private final AtomicBoolean following;

    /** A stream that follows topics already, or will, may send nothing with an id. */
    Sse(Request request, BodySink sink, boolean follows) {
        this.request = request;
        this.sink = sink;
        this.following = new AtomicBoolean(follows);
    }

    /**
     * Makes a route an event stream: {@code app.get("/events", withSse((request, sse) -> ...))}.
     */
    public static Handler withSse(SseHandler handler) {
        return request -> sseResponse(request, handler);
    }

    /**
     * The response that {@link #withSse} makes, its status and headers open to change. The handler
     * starts when the head has been sent; for HEAD it never does. A browser's {@code EventSource}
     * gives up for ever on any status but 200.
     */
    public static Response sseResponse(Request request, SseHandler handler) {
        return response(new HandlerStream(request, handler, Retry::in, null));
    }

    static Response response(Body.StreamWriter writer) {
        return new Response(new Body.Stream(writer))
                .header("Content-Type", "text/event-stream")
                .header("Cache-Control", "no-cache, no-transform")
                .header("X-Accel-Buffering", "no");
    }

    /**
     * The answer to a client that cannot have its stream now, because the server starts, drains or
     * is full. A client that asked for {@code text/event-stream} gets 200 and a time to come again,
     * for a browser's {@code EventSource} would give up for ever on an error; others get 503 and
     * {@code Retry-After}.
     *
     * @param within the time over which those sent away shall come again; each is told a time of
     *     its own
     * @throws IllegalArgumentException as {@link Event#retry(Duration)} does
     */
    public static Response rejectWithRetry(Request request, Duration within) {
        Event.of("").retry(within);
        return rejectWithRetry(request, Retry.within(within), within);
    }

    /**
     * The same with exactly this time, for those who hand out the times themselves.
     *
     * @param time after which the client shall come again
     * @throws IllegalArgumentException as {@link Event#retry(Duration)} does
     */
    public static Response rejectWithRetryAfter(Request request, Duration time) {
        Event.of("").retry(time);
        return rejectWithRetry(request, Retry.in(time), time);
    }

    private static Response rejectWithRetry(Request request, byte[] retry, Duration time) {
        String accept = request.header("Accept");
        if (accept != null && accept.contains("text/event-stream")) {
            return Response.bytes(retry, "text/event-stream").header("Cache-Control", "no-cache");
        }
        return Response.text("Service Unavailable")
                .status(503)
                .header("Retry-After", Long.toString(Math.max(1, time.toSeconds())));
    }

    /** The answer, 204, on which a browser's {@code EventSource} stops for good. */
    public static Response stopReconnecting() {
        return new Response().status(204);
    }

    /** Sends an event with this data, or the event that it is. See {@link #send(Event)}. */
    public void send(Object data) {
        send(data instanceof Event event ? event : Event.of(data));
    }

    /** Sends an event with this data and name. See {@link #send(Event)}. */
    public void send(Object data, @Nullable String event) {
        send(Event.of(data).event(event));
    }

    /** Sends an event with this data, name and id. See {@link #send(Event)}. */
    public void send(Object data, @Nullable String event, @Nullable String id) {
        send(Event.of(data).event(event).id(id));
    }

    /**
     * Hands the event to the connection. Blocks while the client does not read and the stream's
     * buffer ({@link microdot.ServerOptions#streamBuffer()}) is full, so that a handler is paced by
     * its client.
     *
     * @throws StreamClosedException when the stream has ended; the event is not sent
     * @throws IllegalArgumentException when the data cannot be written, or takes more than {@link
     *     Event#MAX_BYTES}
     * @throws CancellationException when the thread is interrupted while it waits although the
     *     stream is open; the event is not sent, and the interrupt is kept
     */
    public void send(Event event) {
        if (event.id() != null && following.get()) {
            throw new IllegalStateException(
                    "id: \"" + event.id() + "\" (expected: none on a stream that follows topics)");
        }
        write(EventEncoder.encode(event, request.app().jsonCodec()));
    }

    /** Sends a comment, which clients pass over; waits and fails as {@link #send(Event)}. */
    public void comment(String text) {
        write(EventEncoder.comment(text));
    }

    /**
     * The id of the last event that the client got before it came again, or null. The empty id is
     * none. From the header {@code Last-Event-ID}, as {@code EventSource} sends it, or the query
     * parameter {@code last-event-id}, for a page that kept it; the header wins.
     */
    public @Nullable String lastEventId() {
        return lastEventId(request);
    }

    static @Nullable String lastEventId(Request request) {
        String id = request.header("Last-Event-ID");
        if (id == null || id.isEmpty()) {
            String kept = request.query("last-event-id");
            return kept == null || kept.isEmpty() ? null : kept;
        }
        // The standard has it sent in UTF-8; HTTP hands fields over as Latin-1.
        return new String(id.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /**
     * Follows topics until the stream ends, however; blocks so long. From where the client's {@link
     * #lastEventId()} stands, or from now on. What is sent meanwhile by other threads may not bear
     * an id, for that would move where the client stands.
     *
     * @throws IllegalArgumentException when no topic or more than {@link Topics#MAX_FOLLOWED} are
     *     named
     * @throws IllegalStateException when this stream follows already
     */
    public void follow(Topics topics, String... names) throws InterruptedException {
        List<String> followed = Topics.checkedNames(List.of(names));
        if (!following.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "this stream follows already (expected: one follow, with all topics)");
        }
        var ended = new CountDownLatch(1);
        var wish = new StartPosition.Wish(lastEventId(request), topics.head(), 0);
        sink.closingFrames(topics.earlyClosingFrames(followed, wish));
        topics.follow(sink, followed, wish, null);
        sink.onClose(ended::countDown);
        ended.await();
    }

    /** False once the stream has ended. */
    public boolean isOpen() {
        return sink.isOpen();
    }

    /**
     * Ends the stream properly; the handler, unless it is the caller, is interrupted. Does nothing
     * when it has ended. A browser's {@code EventSource} comes again, unless that request is
     * answered 204.
     */
    public void close() {
        sink.end();
    }

    /**
     * Ends the stream properly at a time, up to a second later: when the token that opened it
     * expires. The earliest of all times that were set counts. The client is told a time to come
     * again.
     */
    public void closeAt(Instant time) {
        sink.endAt(time);
    }

    /**
     * Runs the action once, on a virtual thread of its own, when the stream has ended, however; at
     * once when it has. What it throws is logged.
     */
    public void onClose(Runnable action) {
        sink.afterClose(() -> runLogged(action));
    }

    private void runLogged(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "an onClose of the event stream " + request + " failed", e);
        }
    }

    private void write(byte[] bytes) {
        write(sink, bytes);
    }

    static void write(BodySink sink, byte[] bytes) {
        try {
            sink.write(bytes);
        } catch (ClosedChannelException e) {
            throw new StreamClosedException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var cancelled =
                    new CancellationException(
                            "interrupted while waiting for the client to read; not sent");
            cancelled.initCause(e);
            throw cancelled;
        }
    }
}
