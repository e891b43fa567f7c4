package microdot.stores;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
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
        var stores = List.of(node(host, port), node(host, port));
        try (var nodes = new PublishingNodes(TIMEOUT, stores)) {
            nodes.published().awaitAcknowledged(100);
            cut.make();
            nodes.published().awaitFailures();
            mend.make();
            nodes.published().awaitAcknowledged(20);
            nodes.finish();
        }
    }

    /** An engine that is slow, but not too slow: nothing fails. */
    @Test
    void slowEngineFailsNothing() throws Exception {
        try (Engine engine = start(null);
                var proxy = new TcpProxy(engine.port())) {
            int port = proxy.port();
            var stores = List.of(node("127.0.0.1", port), node("127.0.0.1", port));
            try (var nodes = new PublishingNodes(TIMEOUT, stores)) {
                nodes.published().awaitAcknowledged(10);
                proxy.delay(TIMEOUT.dividedBy(10));
                nodes.published().awaitAcknowledged(10);
                proxy.delay(Duration.ZERO);
                nodes.published().awaitAcknowledged(10);
                nodes.finish();
                nodes.published().checkNothingFailed();
            }
        }
    }
}
