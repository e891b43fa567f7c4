package microdot.nats;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.Page;

/**
 * Appends with 1, 16 and 256 publishers that each wait for one acknowledgement after the other,
 * beside {@code publishAsync} of the client alone with the same bytes; then reads pages.
 *
 * <p>Run it with the class path of the tests: {@code java microdot.nats.NatsBenchmark [seconds of a
 * run] [pairs] [follow]}: with the last, the client alone follows its stream, as the store does.
 */
final class NatsBenchmark {
    private static final byte[] BYTES = new byte[256];

    private NatsBenchmark() {}

    /** One append that completes later. */
    private interface Publisher {
        CompletableFuture<?> publish(String topic);
    }

    public static void main(String[] args) throws Exception {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 3;
        int pairs = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        Path folder = Files.createTempDirectory("nats");
        try (var server = new NatsServer(folder);
                NatsStore store = NatsStore.connect(server.url());
                Connection bare =
                        Nats.connect(
                                Options.builder()
                                        .server(server.url())
                                        .maxMessagesInOutgoingQueue(20_000)
                                        .build())) {
            store.open(new CountingTail());
            bare.jetStreamManagement()
                    .addStream(
                            StreamConfiguration.builder()
                                    .name("bare")
                                    .subjects("bare.*")
                                    .storageType(StorageType.File)
                                    .maxBytes(1L << 30)
                                    .build());
            JetStream stream = bare.jetStream();
            if (args.length > 2) {
                bare.jetStream()
                        .subscribe(
                                "bare.*",
                                bare.createDispatcher(),
                                message -> {},
                                false,
                                PushSubscribeOptions.builder().ordered(true).build());
            }
            Publisher ours = topic -> store.append(append(topic)).toCompletableFuture();
            Publisher theirs = topic -> stream.publishAsync("bare." + topic, BYTES);
            run(theirs, 16, seconds);
            run(ours, 16, seconds);
            for (int publishers : new int[] {1, 16, 256}) {
                for (int i = 0; i < pairs; i++) {
                    show("bare ", publishers, run(theirs, publishers, seconds), seconds);
                    show("store", publishers, run(ours, publishers, seconds), seconds);
                }
            }
            pages(store);
        } finally {
            try (var files = Files.walk(folder)) {
                files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
            }
        }
    }

    private static Append append(String topic) {
        return Append.of(Entry.event(topic, null, null, BYTES));
    }

    private static long[] run(Publisher publisher, int publishers, double seconds)
            throws InterruptedException {
        var times = new ArrayList<long[]>();
        var threads = new ArrayList<Thread>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        var number = new AtomicInteger();
        for (int i = 0; i < publishers; i++) {
            threads.add(
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        String topic = "t" + number.incrementAndGet();
                                        long[] own = publish(publisher, topic, end);
                                        synchronized (times) {
                                            times.add(own);
                                        }
                                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    }

    private static long[] publish(Publisher publisher, String topic, long end) {
        var times = new long[1 << 16];
        int n = 0;
        for (long now = System.nanoTime(); now < end; ) {
            publisher.publish(topic).join();
            long then = System.nanoTime();
            if (n == times.length) {
                times = Arrays.copyOf(times, 2 * n);
            }
            times[n++] = then - now;
            now = then;
        }
        return Arrays.copyOf(times, n);
    }

    private static void show(String what, int publishers, long[] times, double seconds) {
        System.out.printf(
                Locale.ROOT,
                "%s %3d publishers: %,8.0f/s, median %,6d us, p99 %,6d us%n",
                what,
                publishers,
                times.length / seconds,
                times[times.length / 2] / 1000,
                times[(int) (times.length * 0.99)] / 1000);
    }

    /** Reads the topic of one publisher among all others. */
    private static void pages(NatsStore store) {
        for (int maxBytes : List.of(1, 64 << 10, 1 << 20)) {
            var times = new ArrayList<Long>();
            long after = 0;
            long bytes = 0;
            for (int i = 0; i < 200; i++) {
                long start = System.nanoTime();
                Page page = store.read("t1", after, Long.MAX_VALUE, maxBytes);
                times.add(System.nanoTime() - start);
                bytes += page.entries().size() * (long) BYTES.length;
                after = page.more() ? page.entries().getLast().position() : 0;
            }
            times.sort(null);
            System.out.printf(
                    Locale.ROOT,
                    "pages of %,d bytes: median %,d us, p99 %,d us, %,d bytes in all%n",
                    maxBytes,
                    times.get(100) / 1000,
                    times.get(198) / 1000,
                    bytes);
        }
        long start = System.nanoTime();
        for (int i = 0; i < 200; i++) {
            store.kept("t" + i);
        }
        System.out.printf("kept: %,d us%n", (System.nanoTime() - start) / 200_000);
    }

    /** Counts, as the smallest tail. */
    private static final class CountingTail implements microdot.sse.store.EventStore.Tail {
        private long count;

        @Override
        public void appended(List<microdot.sse.store.StoredEntry> batch) {
            count += batch.size();
        }

        @Override
        public void begins(microdot.sse.store.StoreEpoch epoch) {
            throw new IllegalStateException("begins " + epoch + " after " + count);
        }

        @Override
        public void away(String reason) {
            throw new IllegalStateException(reason);
        }

        @Override
        public void back() {
            throw new IllegalStateException("back");
        }
    }
}
