package microdot.sse;

import java.time.Duration;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Function;
import microdot.Body;
import microdot.BodySink;
import microdot.Handler;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * A handler whose stream follows topics. Immutable: {@link #last}, {@link #where} and {@link
 * #onOpen} return a changed copy.
 *
 * <p>A client resumes with the id that it got last, in the header {@code Last-Event-ID}, as {@code
 * EventSource} sends it, or in the query parameter {@code last-event-id}, for a page that kept it;
 * the header wins.
 */
public final class TopicStream implements Handler {
    private final Topics topics;
    private final Function<Request, List<String>> names;
    private final @Nullable List<String> fixed; // Null where code is asked for the names.
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

    /**
     * Gives a client that comes without an id the last events first, this many of each topic at
     * most, as far as they are kept; default 0. Topics with a snapshot give that instead.
     */
    public TopicStream last(int events) {
        if (events < 0) {
            throw new IllegalArgumentException("last: " + events + " (expected: 0 or more)");
        }
        return new TopicStream(topics, names, fixed, events, filter, opening);
    }

    /**
     * Lets only those events through that the filter accepts for the client's request, in place of
     * a filter set before. It is given an event as it is sent, its data a String. It runs on a
     * virtual thread, for each client and event; gaps are told whether or not what was lost would
     * have passed, and a snapshot is not asked about: it goes to all. Of a topic with {@link
     * TopicOptions#latestBy latestBy} it sees the newest of each key only. A filter that throws
     * ends the stream.
     */
    public TopicStream where(BiPredicate<Request, Event> filter) {
        return new TopicStream(topics, names, fixed, last, filter, opening);
    }

    /**
     * Runs the handler when a client's stream opens, ahead of all events of the topics: to greet
     * the client, and to keep account of who is there, with {@link Sse#onClose} for when it goes.
     * The stream follows its topics once the handler has returned, and needs no thread from then
     * on; nothing published meanwhile is missed. What the handler sends may not bear an id, for
     * that would move where the client stands. One that throws ends the stream. It lives on a
     * virtual thread that is interrupted when the client goes, as any {@link SseHandler}.
     */
    public TopicStream onOpen(SseHandler handler) {
        return new TopicStream(topics, names, fixed, last, filter, handler);
    }

    @Override
    public Response handle(Request request) {
        List<String> followed = names.apply(request);
        FollowerFilter sieve = filter == null ? null : new FollowerFilter(request, filter);
        // Fixed before the head goes out: what is published once the client knows that it is
        // connected is for it.
        var wish = new StartPosition.Wish(Sse.lastEventId(request), topics.head(), last);
        var follow = new Following(topics, followed, wish, sieve);
        SseHandler first = opening;
        return Sse.response(
                first == null
                        ? follow
                        : new HandlerStream(request, first, follow.closingFrames(), follow));
    }

    private record Following(
            Topics topics,
            List<String> names,
            StartPosition.Wish wish,
            @Nullable FollowerFilter sieve)
            implements Body.StreamWriter {
        @Override
        public void writeTo(BodySink sink) {
            topics.follow(sink, names, wish, sieve);
        }

        @Override
        public Function<Duration, byte[]> closingFrames() {
            return topics.earlyClosingFrames(names, wish);
        }
    }

    /** Where nothing of the application's is to run, a client that only follows takes no thread. */
    @Override
    public boolean mayBlock() {
        return fixed == null || opening != null || topics.haveState(fixed);
    }
}
