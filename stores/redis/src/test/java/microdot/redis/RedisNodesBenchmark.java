package microdot.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;

/**
 * Measures what an append costs Redis when several processes follow it.
 *
 * <pre>{@code java microdot.redis.RedisNodesBenchmark [SECONDS [NODES...]]}</pre>
 */
final class RedisNodesBenchmark {
    private static final int BURST = 20;
    private static final int TOPICS = 10;
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);

    private RedisNodesBenchmark() {}

    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        List<Integer> numbers =
                args.length > 1
                        ? List.of(args).subList(1, args.length).stream()
                                .map(Integer::valueOf)
                                .toList()
                        : List.of(1, 5, 20);
        for (int nodes : numbers) {
            measure(nodes, seconds);
        }
    }

    private static void measure(int nodes, int seconds) throws Exception {
        try (var server =
                RedisServer.with(
                        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "")) {
            var stores = new ArrayList<RedisStore>();
            var tails = new ArrayList<RecordingTail>();
            for (int i = 0; i < nodes; i++) {
                var tail = new RecordingTail();
                RedisStore store = RedisStore.connect(server.uri());
                store.open(tail);
                stores.add(store);
                tails.add(tail);
            }
            append(stores.getFirst(), 1); // Warms up.
            long before = server.processor().toNanos();
            long start = System.nanoTime();
            int appended = append(stores.getFirst(), seconds);
            double elapsed = (System.nanoTime() - start) / 1e9;
            for (RecordingTail tail : tails) {
                tail.awaitEntries(appended);
            }
            long used = server.processor().toNanos() - before;
            System.out.printf(
                    "%d nodes: %.0f appends/s, %.1f us of Redis for each%n",
                    nodes, appended / elapsed, used / 1000.0 / appended);
            stores.forEach(RedisStore::close);
        }
    }

    /** A few thousand a second: several share a script, as in a busy application. */
    private static int append(RedisStore store, int seconds) {
        byte[] data = ("data: " + "x".repeat(249) + "\n\n").getBytes(StandardCharsets.UTF_8);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        CompletionStage<List<Long>> last = null;
        int appended = 0;
        while (System.nanoTime() - end < 0) {
            for (int i = 0; i < BURST; i++) {
                last = store.append(Append.of(Entry.event("t" + i % TOPICS, null, null, data)));
                appended++;
            }
            LockSupport.parkNanos(PAUSE);
        }
        if (last != null) {
            last.toCompletableFuture().join();
        }
        return appended;
    }
}
