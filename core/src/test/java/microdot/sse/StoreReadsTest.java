package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads that fail while the engine is away. */
@Timeout(60)
class StoreReadsTest {
    private volatile boolean away = true;
    private final StoreReads reads = new StoreReads(new MemoryStore());

    private EngineWait read(String topic) {
        var failure =
                assertThrows(
                        EngineAwayException.class,
                        () ->
                                reads.of(
                                        topic,
                                        store -> {
                                            if (away) {
                                                throw new StoreException("away");
                                            }
                                            return topic;
                                        }));
        return Objects.requireNonNull(failure.await());
    }

    /** Anybody can name topics: those that nobody waits for must not stay. */
    @Test
    void topicThatNobodyWaitsForIsForgotten() throws Exception {
        EngineWait first = read("first");
        EngineWait left = read("left");
        var over = new CountDownLatch(1);
        assertTrue(read("waits").add(over::countDown));
        Runnable none = () -> {};
        while (left.add(none)) { // The client leaves at once.
            left.remove(none);
            assertFalse(Thread.interrupted(), "by the timeout of the test");
        }
        assertTrue(first.add(none));
        assertTrue(over.getCount() > 0);
        away = false;
        over.await();
        while (reads.areFailing()) {
            assertFalse(Thread.interrupted(), "by the timeout of the test");
        }
        assertFalse(first.add(none));
    }
}
