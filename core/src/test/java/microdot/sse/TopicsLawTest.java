package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import microdot.Headers;
import microdot.Request;
import microdot.sse.log.EventId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The law: every event reaches every follower exactly once and in order, or lies inside a gap that
 * the follower was sent, whatever happens at the same time. Repeat a run with {@code
 * -Dmicrodot.test.seed}; {@code -Dsoak.minutes} makes it longer.
 */
@SuppressWarnings("ThreadPriorityCheck") // It disturbs the scheduler on purpose.
class TopicsLawTest {
    private static final int EVENTS = 6_000;
    private static final int PUBLISHERS = 3;
    private static final Request REQUEST =
            new Request("GET", "/", new Headers(), new byte[0], new InetSocketAddress(9), "http");

    private final List<ExecutorService> loops =
            List.of(
                    Executors.newSingleThreadExecutor(),
                    Executors.newSingleThreadExecutor(),
                    Executors.newSingleThreadExecutor());

    /** Keeps publishers as fast as the disturbance, on average, on every machine. */
    private final Semaphore pace = new Semaphore(0);

    private final Map<Long, String> published = new ConcurrentHashMap<>();
    private final Map<String, Long> positions = new ConcurrentHashMap<>();
    private final AtomicLong sequence = new AtomicLong();
    private final LawClient.Positions known = new Known();

    @AfterEach
    void stop() {
        loops.forEach(ExecutorService::shutdownNow);
    }

    @Test
    void everyEventIsDeliveredOnceOrInsideSentGap() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(Long.getLong("soak.minutes", 0));
        int round = 0;
        do {
            System.out.println("TopicsLawTest: -Dmicrodot.test.seed=" + seed);
            round(new Random(seed));
            seed++;
        } while (++round < 12 || System.nanoTime() - end < 0);
    }

    private void round(Random random) throws Exception {
        published.clear();
        positions.clear();
        var topics = new Topics(20_000 + random.nextInt(200_000));
        var state = new AtomicLong();
        var over = new AtomicBoolean();
        topics.topic("tiny", new TopicOptions().keepEvents(1 + random.nextInt(3)));
        topics.topic("some", new TopicOptions().keepEvents(60).keepBytes(700));
        topics.topic(
                "disconnects",
                new TopicOptions()
                        .keepEvents(10)
                        .onSlow(TopicOptions.OnSlow.DISCONNECT)
                        .checkpoints(true));
        topics.topic(
                "state",
                new TopicOptions()
                        .keepEvents(5)
                        .snapshot(() -> "state " + state.get() + (over.get() ? " end" : " x")));
        topics.topic("keys", new TopicOptions().keepEvents(4).latestBy(TopicsLawTest::key));
        topics.topic("own", new TopicOptions().keepEvents(6));
        topics.options("gone", new TopicOptions().keepEvents(20));
        List<LawClient> clients = clients(topics, random);
        clients.forEach(client -> client.connect(loop(random)));

        var publishers = new ArrayList<Thread>();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        for (int i = 0; i < PUBLISHERS; i++) {
            var own = new Random(random.nextLong());
            var thread = new Thread(() -> publish(topics, state, own));
            thread.setUncaughtExceptionHandler((where, error) -> failures.add(error));
            thread.start();
            publishers.add(thread);
        }
        while (publishers.stream().anyMatch(Thread::isAlive)) {
            LawClient client = clients.get(random.nextInt(clients.size()));
            client.disturb(random);
            client.connect(loop(random));
            client.isDone(topic -> Long.MAX_VALUE);
            if (random.nextInt(200) == 0) {
                topics.remove("gone");
            }
            pace.release(random.nextInt(12));
        }
        assertTrue(failures.isEmpty(), failures::toString);
        for (String topic : List.of("tiny", "some", "disconnects", "keys", "plain", "gone")) {
            note(topics.publish(topic, topic + " 0 end"), topic + " 0 end");
        }
        publishOwn(topics, "own 0 end");
        topics.publish(
                "state",
                () -> {
                    over.set(true);
                    return "state " + state.incrementAndGet() + " end";
                });
        await(topics, clients, random);
        clients.forEach(this::check);
        clients.forEach(LawClient::close);
        for (String topic :
                List.of("tiny", "some", "disconnects", "keys", "plain", "state", "own")) {
            assertEquals(0, topics.topic(topic).followers());
        }
        topics.registry().sweep();
        assertEquals(0, topics.registry().tasks().loops());
    }

    private List<LawClient> clients(Topics topics, Random random) {
        var clients = new ArrayList<LawClient>();
        for (int i = 0; i < 3; i++) {
            for (String topic : List.of("tiny", "some", "disconnects", "keys", "state")) {
                clients.add(client(topics, null, 0, topic));
            }
            clients.add(client(topics, null, 0, "gone"));
            clients.add(client(topics, null, 0, "own"));
            clients.add(client(topics, null, 0, "own", "plain", "gone"));
            clients.add(client(topics, null, 5, "gone", "tiny", "plain"));
            clients.add(client(topics, filter(random), 3, "some", "plain"));
            clients.add(client(topics, null, 2, "plain"));
            clients.add(client(topics, null, 0, "tiny", "plain", "some"));
            clients.add(client(topics, null, 0, "state", "keys", "disconnects"));
            clients.add(client(topics, null, 0, "disconnects", "state", "plain", "tiny"));
            clients.add(client(topics, filter(random), 0, "some", "keys", "plain"));
        }
        return clients;
    }

    private LawClient client(
            Topics topics, @Nullable FollowerFilter filter, int last, String... followed) {
        return new LawClient(topics, List.of(followed), filter, known, last);
    }

    /** A client may see an event before its publisher has noted it. */
    private final class Known implements LawClient.Positions {
        @Override
        public long ofId(String ownId) {
            return await(ownId);
        }

        @Override
        public long ofData(String data) {
            return await(data);
        }

        private long await(String text) {
            Long position = positions.get(text);
            while (position == null) {
                Thread.onSpinWait();
                position = positions.get(text);
            }
            return position;
        }
    }

    private static FollowerFilter filter(Random random) {
        int third = random.nextInt(3);
        return new FollowerFilter(
                REQUEST,
                (request, event) -> passes(event.data().toString(), third),
                new FilterFailures());
    }

    private static boolean passes(String data, int third) {
        String[] words = data.split(" ", -1);
        return words[2].equals("end") || Long.parseLong(words[1]) % 3 != third;
    }

    private static String key(Event event) {
        String[] words = event.data().toString().split(" ", -1);
        return words[2].equals("end") ? "end" : "key " + Long.parseLong(words[1]) % 7;
    }

    private Executor loop(Random random) {
        return loops.get(random.nextInt(loops.size()));
    }

    private void publish(Topics topics, AtomicLong state, Random random) {
        for (int i = 0; i < EVENTS / PUBLISHERS; i++) {
            switch (random.nextInt(9)) {
                case 7 -> publish(topics, "gone", random);
                case 8 -> publishOwn(topics, "own " + random.nextInt(1000) + " x");
                case 0, 1 -> publish(topics, "tiny", random);
                case 2 -> publish(topics, "some", random);
                case 3 -> publish(topics, "disconnects", random);
                case 4 -> publish(topics, "keys", random);
                case 5 -> topics.publish("state", () -> "state " + state.incrementAndGet() + " x");
                default -> publish(topics, "plain", random);
            }
            pace.acquireUninterruptibly();
        }
    }

    private void publish(Topics topics, String topic, Random random) {
        int length = random.nextInt(200) == 0 ? 3000 : random.nextInt(20);
        String data = topic + " " + random.nextInt(1000) + " " + "x".repeat(length);
        data += " " + sequence.incrementAndGet();
        note(topics.publish(topic, data), data);
    }

    private void note(String id, String data) {
        note(Objects.requireNonNull(EventId.parse(id)).position(), data);
    }

    private void note(long position, String data) {
        published.put(position, data);
        positions.put(data, position);
    }

    /** One at a time, so that the newest position of the topic is that of this event. */
    private synchronized void publishOwn(Topics topics, String data) {
        String id = "own-" + sequence.incrementAndGet();
        topics.publish("own", Event.of(data).id(id));
        TopicState own = Objects.requireNonNull(topics.registry().existing("own"));
        long position = topics.registry().order().locked(own.log::last);
        positions.put(id, position);
        note(position, data);
    }

    private void await(Topics topics, List<LawClient> clients, Random random) {
        // Not the head: a gap ends at the last event of its topic, when that was evicted.
        ToLongFunction<String> ends = topic -> end(topics, topic);
        BooleanSupplier done =
                () -> {
                    clients.forEach(client -> client.connect(loop(random)));
                    clients.forEach(LawClient::takeEverything);
                    return clients.stream().allMatch(client -> client.isDone(ends));
                };
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - until > 0) {
                fail(
                        "never came to its end: "
                                + clients.stream().filter(client -> !client.isDone(ends)).toList());
            }
            Thread.yield();
        }
    }

    private static long end(Topics topics, String topic) {
        TopicState known = topics.registry().existing(topic);
        return known == null ? topics.head() : topics.registry().order().locked(known.log::last);
    }

    private void check(LawClient client) {
        published.forEach(
                (position, data) -> {
                    String topic = data.split(" ", -1)[0];
                    if (client.followed.contains(topic)) {
                        check(client, topic, position, data);
                    }
                });
    }

    private void check(LawClient client, String topic, long position, String data) {
        LawClient.Seen seen = client.seen(topic);
        if (seen.has(position) || seen.wasReported(position) || !client.wants(data)) {
            return;
        }
        boolean replaced = topic.equals("keys") && isReplaced(client, position, data);
        assertTrue(replaced, () -> client + " has not " + position + " " + data);
    }

    /** Replaced by an event that the client has, lost inside a gap, or does not want. */
    private boolean isReplaced(LawClient client, long position, String data) {
        LawClient.Seen seen = client.seen("keys");
        return published.entrySet().stream()
                .filter(later -> later.getKey() > position)
                .filter(later -> later.getValue().startsWith("keys "))
                .filter(later -> key(Event.of(later.getValue())).equals(key(Event.of(data))))
                .anyMatch(
                        later ->
                                seen.has(later.getKey())
                                        || seen.wasReported(later.getKey())
                                        || !client.wants(later.getValue()));
    }

    /** Without disconnects, nothing is counted that was not delivered: the figures add up. */
    @Test
    void deliveredPlusMissedEqualsPublished() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("TopicsLawTest: -Dmicrodot.test.seed=" + seed);
        var random = new Random(seed);
        var topics = new Topics();
        topics.topic("tiny", new TopicOptions().keepEvents(2));
        topics.topic("some", new TopicOptions().keepEvents(40));
        var clients = new ArrayList<LawClient>();
        for (int i = 0; i < 12; i++) {
            clients.add(client(topics, null, 0, "tiny", "some"));
        }
        clients.forEach(client -> client.connect(loop(random)));
        var thread =
                new Thread(
                        () -> {
                            for (int i = 0; i < 8_000; i++) {
                                publish(topics, i % 3 == 0 ? "tiny" : "some", random);
                                pace.acquireUninterruptibly();
                            }
                        });
        thread.start();
        var own = new Random(seed);
        while (thread.isAlive()) {
            clients.get(own.nextInt(clients.size())).stall(own);
            pace.release(own.nextInt(12));
        }
        note(topics.publish("tiny", "tiny 0 end"), "tiny 0 end");
        note(topics.publish("some", "some 0 end"), "some 0 end");
        await(topics, clients, own);
        clients.forEach(this::check);
        for (String topic : List.of("tiny", "some")) {
            Topic.Stats stats = topics.topic(topic).stats();
            assertEquals(stats.published() * 12, stats.delivered() + stats.missed(), topic);
        }
        clients.forEach(LawClient::close);
    }
}
