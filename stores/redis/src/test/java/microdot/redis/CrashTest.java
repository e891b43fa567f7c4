package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Redis is killed again and again while three nodes publish and follow: nothing that was
 * acknowledged is missing, doubled or out of order, unless an epoch tells it. More often with
 * {@code -Dsoak.crashes=20}.
 */
class CrashTest {
    private static final int CRASHES = Integer.getInteger("soak.crashes", 3);
    private static final int NODES = 3;

    @Test
    @Timeout(600)
    void serverThatSyncsAlwaysLosesNothing() throws Exception {
        crash("always", false);
    }

    @Test
    @Timeout(600)
    void lossOfAServerThatSyncsLaterIsTold() throws Exception {
        crash("everysec", true);
    }

    private static void crash(String sync, boolean maySkip) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String hint = sync + ", seed " + seed;
        Map<Long, String> acknowledged = new ConcurrentHashMap<>();
        var stop = new AtomicBoolean();
        var appended = new AtomicInteger();
        var tails = new ArrayList<RecordingTail>();
        var stores = new ArrayList<RedisStore>();
        var publishers = new ArrayList<Future<?>>();
        try (var threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
                var server =
                        RedisServer.with(
                                "--appendonly", "yes", "--appendfsync", sync, "--save", "");
                AutoCloseable stopping = () -> stop.set(true)) { // The first to be closed.
            for (int i = 0; i < NODES; i++) {
                var tail = new RecordingTail();
                RedisStore store = RedisStore.connect(server.uri()).timeout(Duration.ofSeconds(20));
                store.open(tail);
                tails.add(tail);
                stores.add(store);
            }
            for (int i = 0; i < NODES; i++) {
                RedisStore store = stores.get(i);
                String prefix = i + "-";
                publishers.add(
                        threads.submit(
                                () -> {
                                    for (int n = 0; !stop.get(); n++) {
                                        publish(store, prefix + n, acknowledged);
                                        appended.incrementAndGet();
                                    }
                                    return null;
                                }));
            }
            for (int crash = 0; crash < CRASHES; crash++) {
                int goal = appended.get() + 50 + random.nextInt(500);
                awaitAppends(appended, goal, publishers);
                server.kill();
                server.start();
            }
            int goal = appended.get() + 50;
            awaitAppends(appended, goal, publishers);
            stop.set(true);
            for (Future<?> each : publishers) {
                each.get(); // A publisher that failed has tested less.
            }
            long last = stores.getFirst().head();
            for (RecordingTail tail : tails) {
                tail.await(
                        calls ->
                                RecordingTail.entries(calls).stream()
                                        .anyMatch(each -> each.position() >= last));
                check(tail.calls(), acknowledged, maySkip, hint);
            }
            stores.forEach(RedisStore::close);
        }
    }

    private static void awaitAppends(AtomicInteger done, int goal, List<Future<?>> publishers)
            throws Exception {
        while (done.get() < goal) {
            for (Future<?> each : publishers) {
                if (each.isDone()) {
                    each.get(); // It has failed.
                }
            }
            Thread.onSpinWait();
        }
    }

    private static void publish(RedisStore store, String text, Map<Long, String> acknowledged)
            throws Exception {
        try {
            long position =
                    store.append(RestartTest.event(text))
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .getFirst();
            acknowledged.put(position, text);
        } catch (ExecutionException e) {
            assertTrue(e.getCause() instanceof StoreException, e.toString());
        }
    }

    private static void check(
            List<Object> calls, Map<Long, String> acknowledged, boolean maySkip, String hint) {
        List<StoreEpoch> epochs = RecordingTail.epochs(calls);
        assertTrue(maySkip || epochs.isEmpty(), hint + ": " + epochs);
        Map<Long, String> seen = new HashMap<>();
        var texts = new HashSet<String>();
        long before = 0;
        var newest = new HashMap<String, Integer>();
        for (StoredEntry each : RecordingTail.entries(calls)) {
            assertTrue(each.position() > before, hint + ": order");
            before = each.position();
            String text = new String(each.entry().bytes(), StandardCharsets.UTF_8);
            seen.put(before, text);
            assertTrue(texts.add(text), hint + ": twice: " + text);
            int dash = text.indexOf('-');
            int number = Integer.parseInt(text.substring(dash + 1));
            Integer last = newest.put(text.substring(0, dash), number);
            assertTrue(last == null || last < number, hint + ": " + text + " after " + last);
        }
        acknowledged.forEach(
                (position, text) -> {
                    boolean told =
                            epochs.stream()
                                    .anyMatch(
                                            each ->
                                                    position > each.previousEnd()
                                                            && position < each.first());
                    if (!told) {
                        assertEquals(text, seen.get(position), hint + ": position " + position);
                    }
                });
    }
}
