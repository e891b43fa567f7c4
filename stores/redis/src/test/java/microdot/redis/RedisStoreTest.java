package microdot.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import microdot.sse.store.EventStore;
import microdot.testing.EventStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract of stores, on a real Redis. */
class RedisStoreTest extends EventStoreContract {
    private static final AtomicInteger CASES = new AtomicInteger();
    private static RedisServer server;

    private final String namespace = "case-" + CASES.incrementAndGet();
    private final AtomicLong ahead = new AtomicLong();

    @BeforeAll
    static void start() {
        server = RedisServer.durable();
    }

    @AfterAll
    static void end() {
        server.close();
    }

    @Override
    protected EventStore newNode() {
        return RedisStore.connect(server.uri()).namespace(namespace).skew(ahead::get);
    }

    @Override
    protected void restartEngine() {
        server.stop();
        server.start();
    }

    @Override
    protected boolean emptyEngine() {
        server.command("FLUSHALL"); // The cases run one after another.
        return true;
    }

    @Override
    protected boolean passTime(Duration time) {
        ahead.addAndGet(time.toMillis());
        return true;
    }
}
