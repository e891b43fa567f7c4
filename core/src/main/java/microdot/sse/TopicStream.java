package microdot.sse;

import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Function;
import microdot.Handler;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * A handler whose stream follows topics. Immutable: {@link #last} and {@link #where} return a
 * changed copy.
 *
 * <p>A client resumes with the id that it got last, in the header {@code Last-Event-ID}, as {@code
 * EventSource} sends it, or in the query parameter {@code last-event-id}, for a page that kept it;
 * the header wins.
 */
public final class TopicStream implements Handler {
    private final Topics topics;
    private final Function<Request, ? extends Iterable<String>> names;
    private final int last;
    private final @Nullable BiPredicate<Request, Event> filter;

    TopicStream(Topics topics, Function<Request, ? extends Iterable<String>> names) {
        this(topics, names, 0, null);
    }

    private TopicStream(
            Topics topics,
            Function<Request, ? extends Iterable<String>> names,
            int last,
            @Nullable BiPredicate<Request, Event> filter) {
        this.topics = topics;
        this.names = names;
        this.last = last;
        this.filter = filter;
    }

    /**
     * Gives a client that comes without an id the last events first, this many of each topic at
     * most, as far as they are kept; default 0. Topics with a snapshot give that instead.
     */
    public TopicStream last(int events) {
        if (events < 0) {
            throw new IllegalArgumentException("last: " + events + " (expected: 0 or more)");
        }
        return new TopicStream(topics, names, events, filter);
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
        return new TopicStream(topics, names, last, filter);
    }

    @Override
    public Response handle(Request request) {
        List<String> followed = Topics.checkedNames(names.apply(request));
        String id = Sse.resumesFrom(request);
        Sieve sieve = filter == null ? null : new Sieve(request, filter);
        // Fixed before the head goes out: what is published once the client knows that it is
        // connected is for it.
        long opened = topics.head();
        return Sse.response(
                sink -> topics.follow(sink, followed, new Resume.Wish(id, opened, last), sieve));
    }
}
