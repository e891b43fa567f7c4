package microdot.stores;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import microdot.Body;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import microdot.sse.store.EventStore;
import org.jspecify.annotations.Nullable;

/**
 * Measures followers of a store beside followers of topics in memory, in pairs one after another:
 * how long an event takes from its publish to each follower, and how fast clients catch up whose
 * history is not in the memory of the process. The followers are in the process: {@link
 * FollowerSink} copies what a socket would get.
 */
public final class FollowersBenchmark {
    private static final TopicOptions EVERYTHING =
            new TopicOptions().keepEvents(10_000_000).keepBytes(1L << 30);

    private static final int EVENT_BYTES = 1000;
    private static final int PUBLISHED_AT_ONCE = 1000;
    private static final long PERIOD = TimeUnit.MILLISECONDS.toNanos(10);

    private final String name;
    private final Supplier<EventStore> nodes;
    private final int clients;
    private final int seconds;
    private final int megabytes;
    private final int rounds;
    private final FollowerLoops loops = new FollowerLoops();

    private FollowersBenchmark(String name, Supplier<EventStore> nodes, String... args) {
        this.name = name;
        this.nodes = nodes;
        clients = number(args, 0, 1000);
        seconds = number(args, 1, 5);
        megabytes = number(args, 2, 4);
        rounds = number(args, 3, 3);
    }

    private static int number(String[] args, int at, int otherwise) {
        return args.length > at ? Integer.parseInt(args[at]) : otherwise;
    }

    /**
     * Measures a store.
     *
     * @param nodes give another node of the same engine each time
     * @param args how many clients there are (1,000), how many seconds events are published (5; 100
     *     a second), how many megabytes each client catches up with (4), and how often all that is
     *     repeated (3)
     */
    public static void run(String name, Supplier<EventStore> nodes, String... args)
            throws InterruptedException {
        var benchmark = new FollowersBenchmark(name, nodes, args);
        for (int round = 0; round <= benchmark.rounds; round++) {
            boolean warmUp = round == 0;
            benchmark.latencies(warmUp);
            benchmark.catchUp(warmUp, "catch up " + round);
        }
    }

    private void latencies(boolean warmUp) throws InterruptedException {
        long[] memory;
        try (var topics = new Topics()) {
            memory = latencies(topics);
        }
        long[] stored;
        try (var topics = new Topics(nodes.get())) {
            stored = latencies(topics);
        }
        if (!warmUp) {
            System.out.printf(
                    "event to %,d followers: memory %s; %s %s; p99 over memory: %.2f ms%n",
                    clients,
                    shown(memory),
                    name,
                    shown(stored),
                    (percentile(stored, 99) - percentile(memory, 99)) / 1e6);
        }
    }

    private static long percentile(long[] sorted, int percent) {
        return sorted[(int) ((sorted.length - 1L) * percent / 100)];
    }

    private static String shown(long[] sorted) {
        return String.format(
                "median %.2f ms, p99 %.2f ms",
                percentile(sorted, 50) / 1e6, percentile(sorted, 99) / 1e6);
    }

    /** The time from each publish until each follower has the event, sorted. */
    private long[] latencies(Topics topics) throws InterruptedException {
        String topic = "live";
        topics.topic(topic, EVERYTHING);
        int events = Math.toIntExact(TimeUnit.SECONDS.toNanos(seconds) / PERIOD);
        var published = new long[events];
        List<FollowerSink> sinks = follow(topics, topic, null, events, published);
        String text = "x".repeat(EVENT_BYTES);
        long start = System.nanoTime();
        for (int i = 0; i < events; i++) {
            long due = start + i * PERIOD;
            for (long left; (left = due - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
            }
            published[i] = System.nanoTime();
            topics.publishAsync(topic, text);
        }
        for (FollowerSink sink : sinks) {
            sink.await();
        }
        return sinks.stream().flatMapToLong(FollowerSink::latencies).sorted().toArray();
    }

    private List<FollowerSink> follow(
            Topics topics,
            String topic,
            @Nullable String id,
            int events,
            long @Nullable [] published) {
        var app = new Microdot().get("/", topics.stream(topic));
        var headers = new Headers();
        if (id != null) {
            headers.add("Last-Event-ID", id);
        }
        var sinks = new ArrayList<FollowerSink>();
        for (int i = 0; i < clients; i++) {
            var client = new InetSocketAddress(1);
            var request = new Request("GET", "/", headers, new byte[0], client, "http");
            var sink = new FollowerSink(loops.next(), events, published);
            sinks.add(sink);
            sink.loop().execute(() -> begin(app, request, sink));
        }
        sinks.forEach(FollowerSink::awaitBegun);
        return sinks;
    }

    private static void begin(Microdot app, Request request, FollowerSink sink) {
        try {
            ((Body.Stream) app.route(request).run().body()).writer().writeTo(sink);
            sink.begun();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void catchUp(boolean warmUp, String topic) throws InterruptedException {
        double memory;
        try (var topics = new Topics()) {
            memory = catchUp(topics, topic, fill(topics, topic));
        }
        String id;
        try (var topics = new Topics(nodes.get())) {
            id = fill(topics, topic);
        }
        double stored;
        try (var topics = new Topics(nodes.get())) { // It has nothing of the history in memory.
            stored = catchUp(topics, topic, id);
        }
        if (!warmUp) {
            System.out.printf(
                    "catch-up of %,d clients with %,d MB each: memory %,.0f MB/s; %s %,.0f MB/s%n",
                    clients, megabytes, memory, name, stored);
        }
    }

    /** Publishes the history, and returns the id before it. */
    private String fill(Topics topics, String topic) throws InterruptedException {
        topics.topic(topic, EVERYTHING);
        String before = topics.publish(topic, "before");
        String text = "x".repeat(EVENT_BYTES);
        for (int left = history(); left > 0; left -= PUBLISHED_AT_ONCE) {
            int count = Math.min(left, PUBLISHED_AT_ONCE);
            var done = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                CompletionStage<String> published = topics.publishAsync(topic, text);
                published.thenRun(done::countDown);
            }
            if (!done.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the history could not be published");
            }
        }
        return before;
    }

    private int history() {
        return megabytes * 1_000_000 / EVENT_BYTES;
    }

    /** Returns megabytes a second, of all clients together. */
    private double catchUp(Topics topics, String topic, String id) throws InterruptedException {
        topics.topic(topic, EVERYTHING);
        long start = System.nanoTime();
        List<FollowerSink> sinks = follow(topics, topic, id, history(), null);
        long bytes = 0;
        for (FollowerSink sink : sinks) {
            sink.await();
            bytes += sink.bytes();
        }
        return bytes * 1e3 / (System.nanoTime() - start);
    }
}
