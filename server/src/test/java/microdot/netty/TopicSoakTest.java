package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.TopicStream;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The law of topics over sockets: every event reaches every follower once and in order, or lies
 * inside a gap that the follower was sent, however followers stall, disconnect and reconnect.
 * {@code -Dmicrodot.test.seed=N} repeats a run, as far as threads and the kernel allow. {@code
 * -Dsoak.minutes=N} and {@code -Dsoak.followers=N} make it longer and larger.
 */
class TopicSoakTest {
    private static final int MINUTES = Integer.getInteger("soak.minutes", 0);
    private static final int FOLLOWERS =
            Integer.getInteger("soak.followers", MINUTES == 0 ? 200 : 2_000);
    private static final int PUBLISHERS = 3;
    private static final int EVENTS = MINUTES == 0 ? 2_400 : 12_000;

    /** Small, so that a stalled follower has backpressure soon. */
    private static final int RECEIVE_BUFFER = 4096;

    private static final List<List<String>> FOLLOWED =
            List.of(
                    List.of("tiny"),
                    List.of("some"),
                    List.of("cut"),
                    List.of("keys"),
                    List.of("state"),
                    List.of("plain"),
                    List.of("gone"),
                    List.of("tiny", "plain", "some"),
                    List.of("state", "keys", "cut"),
                    List.of("gone", "keys", "tiny"),
                    List.of("cut", "state", "plain", "tiny"));

    /** Publishers run as fast as the disturbances, on average, whatever the machine. */
    private final Semaphore pace = new Semaphore(0);

    /** Disturbances run as fast as two undisturbed followers receive what is published. */
    private final Semaphore beats = new Semaphore(0);

    @Test
    void everyEventArrivesOnceOrLiesInAGap() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
        do {
            System.out.println("TopicSoakTest: -Dmicrodot.test.seed=" + seed);
            round(new Random(seed++));
        } while (System.nanoTime() - end < 0);
    }

    private void round(Random random) throws Exception {
        var topics = new Topics(500_000 + random.nextInt(2_000_000));
        List<LawTopic> published = topics(topics);
        var app =
                new Microdot()
                        .get("/all", topics.stream(request -> request.queries("topic")))
                        .get("/some", filtered(topics))
                        .get("/handler", withSse((request, sse) -> sse.follow(filtered(topics))));
        app.get("/beat", topics.stream("beat"));
        var options = new ServerOptions().heartbeat(Duration.ofMillis(200));
        // The watchdog warns when other programs hold the cores.
        var allowed = "^the filter of |blocked a carrier thread|no virtual thread ran";
        try (var served = new Served(app, options, IoMode.best()).allowFailures(allowed);
                var one = new ClientLoop();
                var other = new ClientLoop()) {
            var loops = List.of(one, other);
            List<Client> clients = clients(served, loops, topics, published, random);
            List<StreamClient> steady = steady(served, loops);
            try {
                disturb(clients, topics, published, random);
                calm(clients, published);
                clients.forEach(client -> client.law.check());
                print(topics, clients);
            } finally {
                clients.forEach(client -> client.loop.execute(client::leave));
                steady.forEach(StreamClient::close);
            }
            served.awaitNothingOpen();
            published.forEach(topic -> assertEquals(0, topics.topic(topic.name).followers()));
        }
    }

    private static TopicStream filtered(Topics topics) {
        return topics.stream(request -> request.queries("topic"))
                .where((request, event) -> passes(event));
    }

    private static boolean passes(Event event) {
        String[] words = event.data().toString().split(" ", 4);
        int number = Integer.parseInt(words[1]);
        int key = Integer.parseInt(words[2]);
        if (LawTopic.fails(number, key)) {
            throw new IllegalStateException("as the law wants it");
        }
        return LawTopic.passes(number, key);
    }

    private static List<LawTopic> topics(Topics topics) {
        var keep = new TopicOptions();
        return List.of(
                new LawTopic(topics, "tiny", keep.keepEvents(2), "plain"),
                new LawTopic(topics, "some", keep.keepEvents(60).keepBytes(30_000), "plain"),
                new LawTopic(topics, "plain", keep, "plain"),
                new LawTopic(
                        topics,
                        "cut",
                        keep.keepEvents(10)
                                .onSlow(TopicOptions.OnSlow.DISCONNECT)
                                .checkpoints(true),
                        "plain"),
                new LawTopic(topics, "state", keep.keepEvents(40), "snapshot"),
                new LawTopic(topics, "gone", keep.keepEvents(20), "removed"),
                new LawTopic(topics, "keys", keep.keepEvents(4), "keys"));
    }

    private static List<Client> clients(
            Served served,
            List<ClientLoop> loops,
            Topics topics,
            List<LawTopic> published,
            Random random) {
        var clients = new ArrayList<Client>();
        for (int i = 0; i < FOLLOWERS; i++) {
            List<String> names = FOLLOWED.get(i % FOLLOWED.size());
            boolean filtered = !names.contains("state") && random.nextInt(4) == 0;
            boolean late = filtered && random.nextInt(3) == 0;
            String route = late ? "/handler" : filtered ? "/some" : "/all";
            String path = route + "?topic=" + String.join("&topic=", names);
            List<LawTopic> followed =
                    published.stream().filter(topic -> names.contains(topic.name)).toList();
            var target = new StreamClient.RequestTarget(served.server.port(), path, RECEIVE_BUFFER);
            var law = new LawFollower(i + " " + path, followed, filtered);
            var client =
                    new Client(i, loops.get(i % 2), target, law, topics, late, random.nextLong());
            client.loop.execute(client::connect);
            clients.add(client);
        }
        return clients;
    }

    /** Connects one undisturbed follower on each loop and waits until their streams have begun. */
    private List<StreamClient> steady(Served served, List<ClientLoop> loops)
            throws InterruptedException {
        var steady = new ArrayList<StreamClient>();
        var reader =
                new StreamClient.Reader() {
                    @Override
                    public void opened(StreamClient client) {
                        beats.release();
                    }

                    @Override
                    public void event(StreamClient client, Event event) {
                        beats.release();
                    }
                };
        var target = new StreamClient.RequestTarget(served.server.port(), "/beat");
        for (ClientLoop loop : loops) {
            var from = StreamClient.address(FOLLOWERS);
            loop.call(() -> steady.add(new StreamClient(loop, from, target, null, reader)));
        }
        await(loops);
        return steady;
    }

    /** Waits until both undisturbed followers have received one more event. */
    private void await(List<ClientLoop> loops) throws InterruptedException {
        assertTrue(beats.tryAcquire(2, 60, TimeUnit.SECONDS), "no beat");
        loops.forEach(ClientLoop::check);
    }

    private void disturb(
            List<Client> clients, Topics topics, List<LawTopic> published, Random random)
            throws InterruptedException {
        List<ClientLoop> loops = List.of(clients.get(0).loop, clients.get(1).loop);
        var failures = new ConcurrentLinkedQueue<Throwable>();
        var publishers = new ArrayList<Thread>();
        pace.drainPermits();
        for (int i = 0; i < PUBLISHERS; i++) {
            var own = new Random(random.nextLong());
            var thread = Thread.ofPlatform().unstarted(() -> publish(published, own));
            thread.setUncaughtExceptionHandler((where, error) -> failures.add(error));
            thread.start();
            publishers.add(thread);
        }
        while (publishers.stream().anyMatch(Thread::isAlive)) {
            for (int i = 0; i < FOLLOWERS / 20; i++) {
                Client client = clients.get(random.nextInt(clients.size()));
                client.loop.execute(client::disturb);
            }
            pace.release(1 + random.nextInt(20));
            topics.publish("beat", "");
            await(loops);
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        assertTrue(failures.isEmpty(), failures::toString);
    }

    private void publish(List<LawTopic> topics, Random random) {
        for (int i = 0; i < EVENTS / PUBLISHERS; i++) {
            topics.get(random.nextInt(topics.size())).publish(random);
            pace.acquireUninterruptibly();
        }
    }

    private static void calm(List<Client> clients, List<LawTopic> topics)
            throws InterruptedException {
        topics.forEach(LawTopic::end);
        var done = new CountDownLatch(clients.size());
        clients.forEach(client -> client.loop.execute(() -> client.calm(done)));
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!done.await(1, TimeUnit.SECONDS)) {
            clients.forEach(client -> client.loop.check());
            assertTrue(
                    System.nanoTime() - patience < 0,
                    () -> "followers that did not reach the end: " + late(clients));
        }
    }

    private static List<LawFollower> late(List<Client> clients) {
        return clients.stream().filter(client -> client.done != null).map(c -> c.law).toList();
    }

    /** Prints what happened, and asserts that all of it did, else nothing would be proved. */
    private static void print(Topics topics, List<Client> clients) {
        long connections = sum(clients, client -> client.law.connections());
        long gaps = sum(clients, client -> client.law.gaps());
        long snapshots = sum(clients, client -> client.law.snapshots());
        long failures = sum(clients, client -> client.law.failures());
        long ended = sum(clients, client -> client.ended.get());
        long cut = topics.topic("cut").stats().disconnected();
        System.out.printf(
                "%d followers, %d connections, %d gaps (%d of failed filters), %d snapshots, %d streams"
                        + " ended properly, %d disconnected; tiny: %s%n",
                clients.size(),
                connections,
                gaps,
                failures,
                snapshots,
                ended,
                cut,
                topics.topic("tiny").stats());
        assertTrue(connections > 2L * FOLLOWERS && gaps > FOLLOWERS && snapshots > FOLLOWERS / 9);
        assertTrue(
                failures > 0 && ended > 0 && cut > 0 && topics.topic("tiny").stats().missed() > 0);
    }

    private static long sum(List<Client> clients, ToLongFunction<Client> figure) {
        return clients.stream().mapToLong(figure).sum();
    }

    /** A client that reconnects whenever its connection ends. Confined to its loop. */
    private static final class Client implements StreamClient.Reader {
        private final int number;
        private final ClientLoop loop;
        private final StreamClient.RequestTarget target;
        private final LawFollower law;
        private final Topics topics;

        /** Whether its handler sends the head before it follows. */
        private final boolean late;

        private final Random random;
        private @Nullable StreamClient connection;
        private volatile @Nullable CountDownLatch done;
        private final AtomicInteger ended = new AtomicInteger();

        Client(
                int number,
                ClientLoop loop,
                StreamClient.RequestTarget target,
                LawFollower law,
                Topics topics,
                boolean late,
                long seed) {
            this.late = late;
            this.number = number;
            this.loop = loop;
            this.target = target;
            this.law = law;
            this.topics = topics;
            this.random = new Random(seed);
        }

        void connect() {
            var from = StreamClient.address(number);
            connection = new StreamClient(loop, from, target, law.lastEventId(), this);
        }

        void disturb() {
            StreamClient now = connection;
            if (now == null) {
                return;
            }
            switch (random.nextInt(14)) {
                case 0, 1, 2, 3 -> now.stall();
                case 4, 5 -> now.take(1 + random.nextInt(5000));
                case 6 -> {
                    now.reset();
                    connect();
                }
                case 7 -> {
                    now.close();
                    connect();
                }
                case 8 -> now.halfClose(); // It reconnects when the server has closed too.
                default -> now.read();
            }
        }

        void calm(CountDownLatch latch) {
            done = latch;
            if (connection != null) {
                connection.read();
            }
            reportWhenDone();
        }

        private void reportWhenDone() {
            CountDownLatch latch = done;
            if (latch != null && law.isDone()) {
                done = null;
                latch.countDown();
            }
        }

        void leave() {
            if (connection != null) {
                connection.close();
                connection = null;
            }
        }

        @Override
        public void opened(StreamClient client) {
            if (!client.head().startsWith("HTTP/1.1 200")) {
                throw new AssertionError(law + ": " + client.head());
            }
            // The current position in the order of all events: the stream began no later.
            String here = law.lastEventId() == null ? topics.publish("clock", "") : null;
            law.opened(late ? -1 : here == null ? 0 : LawTopic.position(here));
            reportWhenDone();
        }

        @Override
        public void event(StreamClient client, Event event) {
            if (client == connection) {
                law.got(event);
                reportWhenDone();
            }
        }

        @Override
        public void ended(StreamClient client, boolean properly) {
            if (client == connection) {
                ended.addAndGet(properly ? 1 : 0);
                connect();
            }
        }
    }
}
