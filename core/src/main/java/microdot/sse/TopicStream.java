package microdot.sse;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Function;
import microdot.Body;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.Handler;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;
import microdot.internal.NonBlockingHandler;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A handler whose stream follows topics. Immutable: {@link #last}, {@link #where} and {@link
 * #onOpen} return a changed copy.
 *
 * <p>A client resumes with the last id that it got, in the header {@code Last-Event-ID}, as {@code
 * EventSource} sends it, or in the query parameter {@code last-event-id} or {@code lastEventId},
 * for a page that kept it; the header wins.
 */
public final class TopicStream extends TopicSelection implements Handler {
    static {
        NonBlockingHandler.register(
                TopicStream.class,
                (stream, request) -> stream.runsUserCode() || Accepts.onlyJson((Request) request));
    }

    private static final Duration CLOSED_RETRY = Duration.ofSeconds(5);
    private static final Duration FULL_RETRY = Duration.ofSeconds(10);

    /** For a client that has everything when the status 204 can no longer be sent. */
    private static final Duration OVER_RETRY = Duration.ofHours(1);

    private final Topics topics;
    private final Function<Request, List<String>> names;
    private final @Nullable List<String> fixed; // Null where user code gives the names.
    private final int last;
    private final @Nullable BiPredicate<Request, Event> filter;
    private final @Nullable SseHandler opening;

    TopicStream(
            Topics topics, Function<Request, List<String>> names, @Nullable List<String> fixed) {
        this(topics, names, fixed, 0, null, null);
    }

    private TopicStream(
            Topics topics,
            Function<Request, List<String>> names,
            @Nullable List<String> fixed,
            int last,
            @Nullable BiPredicate<Request, Event> filter,
            @Nullable SseHandler opening) {
        this.topics = topics;
        this.names = names;
        this.fixed = fixed;
        this.last = last;
        this.filter = filter;
        this.opening = opening;
    }

    // Where no code of the application runs, a client that only follows takes no thread.
    private boolean runsUserCode() {
        return fixed == null
                || opening != null
                || topics.followers().haveSnapshot(fixed)
                || topics.registry().areAnyFilled(fixed);
    }

    /**
     * Sends a client that connects without an id the last events first: at most this many of each
     * topic, as far as they are kept; default 0. Topics with a snapshot send that instead. Topics
     * with {@link TopicOptions#latestBy latestBy} send the newest event of each key before them. On
     * a stream over several topics, events that are older than the first one of another topic are
     * sent without an id, because with it the client would resume before events that it did not ask
     * for. A client that disconnects among them starts again as a new client.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public TopicStream last(int events) {
        if (events < 0) {
            throw new IllegalArgumentException("last: " + events + " (expected: 0 or more)");
        }
        return new TopicStream(topics, names, fixed, events, filter, opening);
    }

    /**
     * Sends only those events that the filter accepts for the client's request. Replaces a filter
     * that was set before. The filter gets an event as it is sent, its data a String. It runs on a
     * virtual thread, for each client and event, one call at a time for a client; an event is sent
     * as soon as the filter has accepted it. The thread is interrupted when the client leaves.
     *
     * <p>An event on which the filter throws, or takes longer than {@link
     * TopicOptions#userCodeTimeout()}, is withheld: the client gets a gap with the reason {@code
     * failed} in its place, which covers exactly this event, and the failure is logged once.
     *
     * <p>Gaps are sent whether or not the lost events would have passed. Snapshots are sent to
     * every client without asking the filter. A stream of a {@link Table} cannot have a filter: of
     * a topic that becomes one later, clients are answered with 500. Of a topic with {@link
     * TopicOptions#latestBy latestBy} the filter sees only the newest event of each key.
     *
     * @throws IllegalStateException when a topic of a fixed name is a table
     */
    public TopicStream where(BiPredicate<Request, Event> filter) {
        Required.notNull(filter, "filter", "a filter");
        if (fixed != null) {
            topics.registry().checkNoTable(fixed);
        }
        return new TopicStream(topics, names, fixed, last, filter, opening);
    }

    /**
     * Runs the handler when a client's stream opens, before all events of the topics: to greet the
     * client, or to record that it is connected, with {@link Sse#onClose} for when it disconnects.
     * The stream follows its topics once the handler has returned, and needs no thread from then
     * on; nothing published meanwhile is missed. What the handler sends may not have an id, because
     * that would move the client's position. A handler that throws ends the stream. It runs on a
     * virtual thread that is interrupted when the client disconnects, like any {@link SseHandler}.
     * The stream then has no JSON form: requests for that are answered with 406.
     */
    public TopicStream onOpen(SseHandler handler) {
        Required.notNull(handler, "handler", "a handler");
        return new TopicStream(topics, names, fixed, last, filter, handler);
    }

    /** Follows the topics on the stream of a handler. */
    @Override
    void follow(Request request, BodySink sink, StreamClosingFrames closingFrames)
            throws InterruptedException {
        if (opening != null) {
            throw new IllegalArgumentException(
                    "onOpen: set (expected: none with Sse.follow; send before it instead)");
        }
        List<String> followed = names.apply(request);
        StartPosition.Wish wish = wish(request);
        FollowerStart followers = topics.followers();
        if (!closingFrames.startFollowing(followers.beforeDelivery(followed, wish))) {
            throw new IllegalStateException(
                    "this stream follows topics already (expected: one follow, with all topics)");
        }
        if (isOver(request, followed)) {
            endOver(sink);
            return;
        }
        FollowerFilter tests = filterFor(request, followed);
        for (Visits.Visit visit : topics.registry().visits(request, followed)) {
            if (!visit.begin(sink)) {
                throw new HttpException(503, "the table of a topic is full");
            }
        }
        StartPosition.Wish visible = HeartbeatEvents.wish(wish, request, sink);
        followers.follow(sink, followed, visible, tests, closingFrames);
    }

    private static void endOver(BodySink sink) throws InterruptedException {
        try {
            sink.write(Retry.about(OVER_RETRY));
        } catch (ClosedChannelException e) {
            return; // The client has left.
        }
        sink.end(CloseReason.TOPIC_CLOSED);
    }

    private @Nullable FollowerFilter filterFor(Request request, List<String> followed) {
        if (filter != null) {
            topics.registry().checkNoTable(followed);
        }
        return filter == null
                ? null
                : new FollowerFilter(request, filter, topics.followers().failures());
    }

    // Made before the head goes out: what is published once the client knows that it is connected
    // is for it.
    private StartPosition.Wish wish(Request request) {
        return new StartPosition.Wish(Sse.lastEventId(request), topics.head(), last);
    }

    /** Whether the client has all of topics that have ended; without 204 a browser would loop. */
    private boolean isOver(Request request, List<String> followed) {
        String lastEventId = Sse.lastEventId(request);
        return lastEventId != null
                && Accepts.eventStream(request)
                && topics.registry().ends().isOver(followed, lastEventId);
    }

    private Response poll(Request request, List<String> followed) {
        if (opening != null) {
            throw new HttpException(
                    406,
                    "this stream has no JSON form, because a handler runs when it opens (expected:"
                            + " Accept: text/event-stream)");
        }
        topics.registry().visits(request, followed); // May reject the client; a poll is no visit.
        var poll = new TopicPoll(topics.registry(), topics.followers(), request, followed);
        var wish = new StartPosition.Wish(TopicPoll.after(request), topics.head(), last);
        try {
            return poll.respond(wish, filterFor(request, followed));
        } catch (InterruptedException e) {
            throw Interruption.of(e);
        }
    }

    @Override
    public Response handle(Request request) {
        Required.notNull(request, "request", "a request");
        if (topics.isClosed()) {
            return Sse.rejectWithRetry(request, CLOSED_RETRY);
        }
        List<String> followed = names.apply(request);
        if (Accepts.onlyJson(request)) {
            return poll(request, followed);
        }
        if (isOver(request, followed)) {
            return Sse.stopReconnecting();
        }
        FollowerFilter tests = filterFor(request, followed);
        List<Visits.Visit> visits = topics.registry().visits(request, followed);
        for (Visits.Visit visit : visits) {
            if (!visit.fits()) {
                return Sse.rejectWithRetry(request, FULL_RETRY);
            }
        }
        StartPosition.Wish wish = wish(request);
        FollowerStart followers = topics.followers();
        var closingFrames = new StreamClosingFrames(followers.beforeDelivery(followed, wish));
        Body.StreamWriter follow =
                sink -> {
                    for (Visits.Visit visit : visits) { // Before: the client sees itself.
                        if (!visit.begin(sink)) {
                            sink.write(Retry.about(FULL_RETRY));
                            sink.end(CloseReason.OVER_BUDGET);
                            return;
                        }
                    }
                    StartPosition.Wish visible = HeartbeatEvents.wish(wish, request, sink);
                    followers.follow(sink, followed, visible, tests, closingFrames);
                };
        SseHandler first = opening;
        return Sse.response(
                first == null
                        ? follow
                        : new Sse.HandlerStream(request, first, closingFrames, follow),
                closingFrames);
    }
}
