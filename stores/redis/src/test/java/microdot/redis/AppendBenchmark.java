package microdot.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;

/**
 * Appends by 1, 16 and 256 publishers, each of which waits for the acknowledgement, through the
 * store and through bare Lettuce with one XADD of the same bytes; alternating. With {@code follow}
 * the bare client reads them too. Needs no framework:
 *
 * <pre>
 * {@code java -cp … microdot.redis.AppendBenchmark [seconds] [pairs] [appendfsync] [follow|alone]
 * [publishers...]}
 * </pre>
 */
final class AppendBenchmark {
    private static final byte[] DATA = "d".repeat(256).getBytes(StandardCharsets.US_ASCII);

    private AppendBenchmark() {}

    /**
     * @param own processor time of this process for each append, in microseconds
     * @param redis the same of the server
     */
    record Result(long perSecond, long median, long p99, double own, double redis) {
        @Override
        public String toString() {
            return String.format(
                    "%,d/s, %d us, p99 %d us, cpu %.1f + %.1f us",
                    perSecond, median, p99, own, redis);
        }
    }

    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 3;
        int pairs = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        String sync = args.length > 2 ? args[2] : "everysec";
        try (var server =
                        RedisServer.with(
                                "--appendonly", "yes", "--appendfsync", sync, "--save", "");
                var store = RedisStore.connect(server.uri());
                var client = RedisClient.create(server.uri());
                StatefulRedisConnection<byte[], byte[]> bare =
                        client.connect(ByteArrayCodec.INSTANCE)) {
            store.open(new IgnoringTail());
            store.retain("topic", new StoreRetention(1024, 1 << 20, Duration.ofHours(1), false));
            byte[] key = "bare".getBytes(StandardCharsets.US_ASCII);
            byte[] field = "data".getBytes(StandardCharsets.US_ASCII);
            var trim = XAddArgs.Builder.maxlen(100_000).approximateTrimming();
            Supplier<CompletionStage<?>> viaStore =
                    () -> store.append(Append.of(Entry.event("topic", null, null, DATA)));
            Supplier<CompletionStage<?>> viaBare =
                    () -> bare.async().xadd(key, trim, Map.of(field, DATA));
            if (args.length > 3 && args[3].equals("follow")) {
                follow(client);
            }
            int[] numbers =
                    args.length > 4
                            ? Arrays.stream(args).skip(4).mapToInt(Integer::parseInt).toArray()
                            : new int[] {1, 16, 256};
            for (int publishers : numbers) {
                run(server, viaStore, publishers, seconds);
                run(server, viaBare, publishers, seconds);
                for (int i = 0; i < pairs; i++) {
                    Result store1 = run(server, viaStore, publishers, seconds);
                    Result bare1 = run(server, viaBare, publishers, seconds);
                    System.out.printf(
                            "%d publishers: store %s; bare %s; ratio %.2f%n",
                            publishers, store1, bare1, (double) bare1.perSecond / store1.perSecond);
                }
            }
        }
    }

    // What a node does too: the bare client reads what it has written.
    @SuppressWarnings("unchecked") // An array of one StreamOffset.
    private static void follow(RedisClient client) {
        var tail = client.connect();
        var thread =
                new Thread(
                        () -> {
                            String last = "$";
                            while (true) {
                                var found =
                                        tail.sync()
                                                .xread(
                                                        XReadArgs.Builder.block(500).count(128),
                                                        XReadArgs.StreamOffset.from("bare", last));
                                if (!found.isEmpty()) {
                                    last = found.getLast().getId();
                                }
                            }
                        });
        thread.setDaemon(true);
        thread.start();
    }

    private static Result run(
            RedisServer server, Supplier<CompletionStage<?>> append, int publishers, int seconds)
            throws InterruptedException {
        Duration own = ProcessHandle.current().info().totalCpuDuration().orElseThrow();
        Duration redis = server.processor();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        var count = new AtomicLong();
        var done = new CountDownLatch(publishers);
        var latencies = new long[publishers][];
        for (int i = 0; i < publishers; i++) {
            int publisher = i;
            Thread.startVirtualThread(
                    () -> {
                        var times = new long[1 << 16];
                        int n = 0;
                        for (long now = System.nanoTime(); now - end < 0; ) {
                            append.get().toCompletableFuture().join();
                            long then = System.nanoTime();
                            if (n < times.length) {
                                times[n] = then - now;
                            }
                            n++;
                            now = then;
                        }
                        count.addAndGet(n);
                        latencies[publisher] = Arrays.copyOf(times, Math.min(n, times.length));
                        done.countDown();
                    });
        }
        done.await();
        own = ProcessHandle.current().info().totalCpuDuration().orElseThrow().minus(own);
        redis = server.processor().minus(redis);
        long[] all = Arrays.stream(latencies).flatMapToLong(Arrays::stream).sorted().toArray();
        return new Result(
                count.get() / seconds,
                all[all.length / 2] / 1000,
                all[(int) (all.length * 0.99)] / 1000,
                own.toNanos() / 1000.0 / count.get(),
                redis.toNanos() / 1000.0 / count.get());
    }

    /** Only counts. */
    private static final class IgnoringTail implements EventStore.Tail {
        @Override
        public void appended(List<StoredEntry> batch) {}

        @Override
        public void begins(StoreEpoch epoch) {
            System.out.println("a new epoch: " + epoch);
        }

        @Override
        public void away(String reason) {
            System.out.println(reason);
        }

        @Override
        public void back() {}
    }
}
