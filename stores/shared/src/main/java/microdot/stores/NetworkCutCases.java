package microdot.stores;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import microdot.sse.Event;
import microdot.sse.Subscription;
import microdot.sse.Topics;
import microdot.sse.store.EventStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The network between two nodes and their engine stops for longer than every timeout, and nobody is
 * told: publishers are, followers stay and get everything in order when the network works again.
 */
@Timeout(120)
public abstract class NetworkCutCases {
    private static final String END = "end";

    /** How long a publisher waits. */
    protected static final Duration TIMEOUT = Duration.ofMillis(500);

    /** For the test of a store. */
    protected NetworkCutCases() {}

    /** An engine that a test has started. */
    public interface Engine extends AutoCloseable {
        /** The port that it listens on. */
        int port();

        @Override
        void close();
    }

    /**
     * Starts an empty engine.
     *
     * @param network where its server runs; null for this machine
     */
    protected abstract Engine start(@Nullable NetworkNamespace network);

    /** Returns a store that is not open yet, with {@link #TIMEOUT}. */
    protected abstract EventStore node(String host, int port);

    /** Does something to the network. */
    private interface Change {
        void make() throws IOException;
    }

    @Test
    void packetsAreDropped() throws Exception {
        try (var network = NetworkNamespace.open();
                Engine engine = start(network)) {
            survive(network.address(), engine.port(), network::cut, network::mend);
        }
    }

    @Test
    void bytesAreHeld() throws Exception {
        try (Engine engine = start(null);
                var proxy = new TcpProxy(engine.port())) {
            survive("127.0.0.1", proxy.port(), proxy::hold, proxy::release);
        }
    }

    private void survive(String host, int port, Change cut, Change mend) throws Exception {
        try (var first = new Topics(node(host, port)).publishTimeout(TIMEOUT);
                var second = new Topics(node(host, port)).publishTimeout(TIMEOUT)) {
            var published = new PublishedTexts();
            var followers = new ArrayList<CompletableFuture<List<Event>>>();
            for (Topics topics : List.of(first, second)) {
                followers.add(follow(topics));
            }
            for (Topics topics : List.of(first, second)) {
                published.start(topics, "a");
                published.start(topics, "a");
            }
            published.awaitAcknowledged(100);
            cut.make();
            published.awaitFailures();
            mend.make();
            published.awaitAcknowledged(20);
            published.stop();
            first.publish("a", Event.of(END));
            List<Event> got = followers.getFirst().get(60, TimeUnit.SECONDS);
            published.check(got);
            published.check(followers.getLast().get(60, TimeUnit.SECONDS));
        }
    }

    private static CompletableFuture<List<Event>> follow(Topics topics) {
        var got = new CompletableFuture<List<Event>>();
        Subscription following = topics.follow("a");
        Thread.ofVirtual()
                .start(
                        () -> {
                            var events = new ArrayList<Event>();
                            try (following) {
                                Event next = following.next();
                                while (!END.equals(next.data())) {
                                    events.add(next);
                                    next = following.next();
                                }
                                got.complete(events);
                            } catch (RuntimeException e) {
                                got.completeExceptionally(e);
                            }
                        });
        return got;
    }
}
