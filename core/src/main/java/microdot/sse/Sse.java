package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import microdot.Body;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.Handler;
import microdot.Request;
import microdot.Response;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * One client's event stream, as its handler sees it. Every method may be called from any thread;
 * events never mix on the wire.
 */
public final class Sse {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final Request request;
    private final BodySink sink;
    private final StreamClosingFrames closingFrames;

    Sse(Request request, BodySink sink, StreamClosingFrames closingFrames) {
        this.request = request;
        this.sink = sink;
        this.closingFrames = closingFrames;
    }

    // ---- Responses ----

    /**
     * Makes a route an event stream: {@code app.get("/events", withSse((request, sse) -> ...))}.
     */
    public static Handler withSse(SseHandler handler) {
        Required.notNull(handler, "handler", "a handler");
        return request -> sseResponse(request, handler);
    }

    /**
     * Returns the response that {@link #withSse} makes; its status and headers may be changed. The
     * handler starts when the head has been sent; for HEAD it never starts. A browser's {@code
     * EventSource} never reconnects after a status other than 200.
     */
    public static Response sseResponse(Request request, SseHandler handler) {
        Required.notNull(request, "request", "a request");
        Required.notNull(handler, "handler", "a handler");
        var closingFrames = new StreamClosingFrames();
        return response(new HandlerStream(request, handler, closingFrames, null), closingFrames);
    }

    /**
     * Returns a handler that serves the browser client, an ES module: {@code
     * app.get("/microdot.js", Sse.client())}. It is a part of this library, and has an ETag:
     * browsers ask whether theirs is still the newest.
     */
    public static Handler client() {
        return request -> Response.resource(Sse.class, "/microdot/sse", "microdot.js");
    }

    static Response response(Body.StreamWriter writer, StreamClosingFrames closingFrames) {
        return new Response(new Body.Stream(writer, closingFrames))
                .header("Content-Type", "text/event-stream")
                .header("Cache-Control", "no-cache, no-transform")
                .header("X-Accel-Buffering", "no");
    }

    /**
     * Returns the response that rejects a client that cannot have its stream now, because the
     * server starts, drains or is full. A client that asked for {@code text/event-stream} gets 200
     * and a {@code retry:} delay, because a browser's {@code EventSource} never reconnects after an
     * error. Other clients get 503 and {@code Retry-After}.
     *
     * @param within the time over which the rejected clients reconnect: each gets a random delay
     * @throws IllegalArgumentException as {@link Event#retry(Duration)} does
     */
    public static Response rejectWithRetry(Request request, Duration within) {
        Required.notNull(request, "request", "a request");
        Required.notNull(within, "within", "a duration");
        Event.of("").retry(within);
        return rejectWithRetry(request, Retry.within(within), within);
    }

    /**
     * Rejects the client as {@link #rejectWithRetry} does, with exactly this delay; for servers
     * that assign the delays themselves.
     *
     * @param delay after which the client should reconnect
     * @throws IllegalArgumentException as {@link Event#retry(Duration)} does
     */
    public static Response rejectWithRetryAfter(Request request, Duration delay) {
        Required.notNull(request, "request", "a request");
        Required.notNull(delay, "delay", "a duration");
        Event.of("").retry(delay);
        return rejectWithRetry(request, Retry.in(delay), delay);
    }

    private static Response rejectWithRetry(Request request, byte[] retry, Duration delay) {
        if (Accepts.eventStream(request)) {
            return Response.bytes(retry, "text/event-stream")
                    .status(200) // Not that of an error that this answers.
                    .header("Cache-Control", "no-cache");
        }
        return Response.text("Service Unavailable")
                .status(503)
                .header("Retry-After", Long.toString(Math.max(1, delay.toSeconds())));
    }

    /** Returns the response, 204, after which a browser's {@code EventSource} never reconnects. */
    public static Response stopReconnecting() {
        return new Response().status(204);
    }

    /**
     * The body that a handler writes.
     *
     * @param rest continues the stream when the handler returns; null when that is its end
     */
    record HandlerStream(
            Request request,
            SseHandler handler,
            StreamClosingFrames closingFrames,
            Body.@Nullable StreamWriter rest)
            implements Body.StreamWriter {
        /**
         * The thread of each stream keeps this frame for as long as its handler runs. What happens
         * before and after is in methods too large for the compiler to inline, so that the frame
         * stays small (why: docs/decisions/0012-small-stack-frames.md).
         */
        @Override
        public void writeTo(BodySink sink) throws Exception {
            HandlerLife life = HandlerLife.begin(sink, request);
            if (life == null) {
                return;
            }
            Throwable failure = null;
            try {
                handler.handle(request, new Sse(request, sink, closingFrames));
            } catch (Throwable e) {
                failure = e;
            }
            life.end(sink, request, failure, rest);
        }
    }

    // ---- Sending ----

    /** Sends an event with this data, or the event itself. See {@link #send(Event)}. */
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
     * Hands the event to the connection. Blocks while the stream's buffer ({@link
     * microdot.ServerOptions#streamBuffer()}) is full because the client does not read, so that the
     * client paces the handler.
     *
     * @throws StreamClosedException when the stream has ended; the event is not sent
     * @throws IllegalArgumentException when the data cannot be written, or takes more than {@link
     *     Event#MAX_BYTES}
     * @throws IllegalStateException when the event has an id although the stream follows topics
     * @throws IllegalArgumentException when the event has a name that {@link Topics#publish}
     *     refuses although the stream follows topics
     * @throws CancellationException when the thread is interrupted while it waits although the
     *     stream is open; the event is not sent, and the interrupt flag is kept
     */
    public void send(Event event) {
        Required.notNull(event, "event", "an event; the text \"\" is one without data");
        if (closingFrames.isFollowing()) {
            checkBesideTopics(event);
        }
        write(EventEncoder.encode(event, request.jsonCodec()), sink::writeEvent);
    }

    /** The client could not tell such an event from those of the topics. */
    private static void checkBesideTopics(Event event) {
        if (event.id() != null) {
            throw new IllegalStateException(
                    "id: "
                            + Quoted.whole(event.id())
                            + " (expected: none on a stream that follows topics)");
        }
        TopicRules.checkNotReserved(event);
    }

    /** Sends a comment, which clients ignore; waits and fails as {@link #send(Event)} does. */
    public void comment(String text) {
        Required.notNull(text, "text", "a text");
        write(EventEncoder.comment(text), sink::write);
    }

    private interface Writing {
        void write(byte[] bytes) throws ClosedChannelException, InterruptedException;
    }

    private static void write(byte[] bytes, Writing writing) {
        try {
            writing.write(bytes);
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

    // ---- The client's position ----

    /**
     * Returns the id of the last event that the client got before it reconnected, or null. The
     * empty id counts as none. It comes from the header {@code Last-Event-ID}, as {@code
     * EventSource} sends it, or from the query parameter {@code last-event-id} or {@code
     * lastEventId}, for a page that kept it; the header wins.
     */
    public @Nullable String lastEventId() {
        return lastEventId(request);
    }

    static @Nullable String lastEventId(Request request) {
        String id = request.header("Last-Event-ID");
        if (id == null || id.isEmpty()) {
            String kept = request.query("last-event-id");
            kept = kept == null ? request.query("lastEventId") : kept;
            return kept == null || kept.isEmpty() ? null : kept;
        }
        // The standard sends it in UTF-8; HTTP gives fields as Latin-1.
        return new String(id.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /**
     * Follows topics until the stream ends, for whatever cause; blocks so long: {@code
     * sse.follow(topics, "camera/1")}. Begins after the client's {@link #lastEventId()}, or now.
     * Events that other threads send meanwhile may not have an id, because that would move the
     * client's position.
     *
     * <p>If the topics have ended, the client gets what it lacks and reconnects. If it lacks
     * nothing, the stream ends with a reconnect delay of about an hour, because the status 204,
     * with which {@link Topics#stream} stops a browser, can no longer be sent.
     *
     * @throws IllegalArgumentException when no topic or more than {@link Topics#MAX_FOLLOWED} are
     *     named
     * @throws IllegalStateException when this stream follows topics already
     * @throws InterruptedException when the thread is interrupted, as it is at the stream's end
     */
    public void follow(TopicSource topics, String... names) throws InterruptedException {
        Required.notNull(topics, "topics", "topics");
        follow(topics.select(names));
    }

    /**
     * Follows topics until the stream ends, for whatever cause; blocks so long: {@code
     * sse.follow(topics.stream("camera/1").last(5))}. As {@link #follow(TopicSource, String...)},
     * with the last events and the filter of the {@link TopicStream}, which must have no {@link
     * TopicStream#onOpen onOpen}: this handler is that.
     *
     * @throws IllegalArgumentException when it has an {@code onOpen}
     * @throws IllegalStateException when this stream follows topics already
     * @throws InterruptedException when the thread is interrupted, as it is at the stream's end
     */
    public void follow(TopicSelection topics) throws InterruptedException {
        Required.notNull(topics, "topics", "topics.stream(...)");
        topics.follow(request, sink, closingFrames);
        var ended = new CountDownLatch(1);
        sink.onClose(ended::countDown);
        ended.await();
    }

    // ---- The end ----

    /** Returns false once the stream has ended. */
    public boolean isOpen() {
        return sink.isOpen();
    }

    /**
     * Ends the stream properly; interrupts the handler, unless the handler is the caller. Does
     * nothing when the stream has ended. A browser's {@code EventSource} reconnects, unless that
     * request is answered with 204.
     */
    public void close() {
        sink.end();
    }

    /**
     * Ends the stream properly at a time, up to a second later: when the token that opened it
     * expires. The earliest of all times that were set counts. The client gets a reconnect delay.
     */
    public void closeAt(Instant time) {
        Required.notNull(time, "time", "a time");
        sink.endAt(time);
    }

    /**
     * Runs the action once, on its own virtual thread, when the stream has ended, for whatever
     * cause; at once when it has ended already. What the action throws is logged.
     */
    public void onClose(Runnable action) {
        Required.notNull(action, "action", "an action");
        sink.afterClose(() -> runLogged(action));
    }

    /**
     * Runs the action as {@link #onClose(Runnable)} does, with why the stream ended: {@code
     * sse.onClose(reason -> ...)}.
     */
    public void onClose(Consumer<CloseReason> action) {
        Required.notNull(action, "action", "what runs at the end");
        onClose(
                () -> {
                    CloseReason reason = sink.closeReason();
                    action.accept(reason == null ? CloseReason.FAILED : reason);
                });
    }

    private void runLogged(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "an onClose of the event stream " + request + " failed", e);
        }
    }
}
