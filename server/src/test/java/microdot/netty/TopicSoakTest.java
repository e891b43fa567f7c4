package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.TableOptions;
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
                    List.of("short"),
                    List.of("rows"),
                    List.of("paced", "rows"),
                    List.of("short", "brief"),
                    List.of("short", "plain", "rows"),
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
        var published = new Published(topics, topics(topics), tables(topics));
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
            List<Client> clients = clients(served, loops, published, random);
            List<StreamClient> steady = steady(served, loops);
            try (var pollers = new Pollers(served.server.port(), published, random)) {
                disturb(clients, published, random);
                pollers.check();
                published.end();
                pollers.calm();
                calm(clients);
                clients.forEach(client -> client.law.check());
                pollers.join();
                print(topics, clients);
            } finally {
                clients.forEach(client -> client.loop.execute(client::leave));
                steady.forEach(StreamClient::close);
            }
            served.awaitNothingOpen();
            published.names().forEach(name -> assertEquals(0, topics.topic(name).followers()));
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
                new LawTopic(topics, "short", keep, "closes"),
                new LawTopic(topics, "brief", keep.keepEvents(30).checkpoints(true), "closes"),
                new LawTopic(topics, "keys", keep.keepEvents(4), "keys"));
    }

    private static List<LawTable> tables(Topics topics) {
        var paced = new TableOptions().minInterval(Duration.ofMillis(50));
        return List.of(
                new LawTable(topics.table("rows", new TableOptions())),
                new LawTable(topics.table("paced", paced)));
    }

    /** The topics and tables of one round. */
    private record Published(Topics topics, List<LawTopic> logs, List<LawTable> tables) {
        /** A filter would get events of the framework, or hide changes of a snapshot. */
        static boolean mayBeFiltered(List<String> names) {
            return Collections.disjoint(names, List.of("state", "rows", "paced"));
        }

        LawFollower follower(String title, List<String> names, boolean filtered) {
            return new LawFollower(
                    title,
                    logs.stream().filter(log -> names.contains(log.name)).toList(),
                    tables.stream().filter(table -> names.contains(table.name())).toList(),
                    filtered);
        }

        void one(Random random) {
            int which = random.nextInt(logs.size() + tables.size());
            if (which < logs.size()) {
                logs.get(which).publish(random);
            } else {
                tables.get(which - logs.size()).change(random);
            }
        }

        void end() {
            logs.forEach(LawTopic::end);
            tables.forEach(LawTable::end);
        }

        List<String> names() {
            return Stream.concat(
                            logs.stream().map(log -> log.name), tables.stream().map(LawTable::name))
                    .toList();
        }
    }

    /** Clients of the JSON form, each on its thread. */
    private static final class Pollers implements AutoCloseable {
        private final HttpClient http = HttpClient.newHttpClient();
        private final List<LawPoller> pollers = new ArrayList<>();
        private final List<Thread> threads = new ArrayList<>();
        private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

        Pollers(int port, Published published, Random random) {
            for (List<String> names : FOLLOWED) {
                boolean filtered = Published.mayBeFiltered(names) && random.nextInt(3) == 0;
                String path =
                        (filtered ? "/some" : "/all") + "?topic=" + String.join("&topic=", names);
                var poller =
                        new LawPoller(
                                http,
                                "http://127.0.0.1:" + port + path,
                                published.follower("poller " + path, names, filtered),
                                () -> LawTopic.position(published.topics().publish("clock", "")),
                                new Random(random.nextLong()));
                pollers.add(poller);
                threads.add(
                        Thread.ofVirtual()
                                .uncaughtExceptionHandler((where, error) -> failures.add(error))
                                .start(poller));
            }
        }

        void check() {
            assertTrue(failures.isEmpty(), failures::toString);
        }

        void calm() {
            pollers.forEach(LawPoller::calm);
        }

        void join() throws InterruptedException {
            for (int i = 0; i < threads.size(); i++) {
                LawFollower law = pollers.get(i).law();
                boolean done = threads.get(i).join(Duration.ofSeconds(90));
                check();
                assertTrue(done, () -> "did not reach the end: " + law);
                law.check();
            }
        }

        @Override
        public void close() {
            threads.forEach(Thread::interrupt);
            http.shutdownNow();
        }
    }

    private static List<Client> clients(
            Served served, List<ClientLoop> loops, Published published, Random random) {
        var clients = new ArrayList<Client>();
        for (int i = 0; i < FOLLOWERS; i++) {
            List<String> names = FOLLOWED.get(i % FOLLOWED.size());
            boolean filtered = Published.mayBeFiltered(names) && random.nextInt(4) == 0;
            boolean ends = !Collections.disjoint(names, List.of("short", "brief"));
            boolean late = filtered && !ends && random.nextInt(3) == 0; // A handler cannot say 204.
            String route = late ? "/handler" : filtered ? "/some" : "/all";
            String path = route + "?topic=" + String.join("&topic=", names);
            var target = new StreamClient.RequestTarget(served.server.port(), path, RECEIVE_BUFFER);
            var law = published.follower(i + " " + path, names, filtered);
            var client =
                    new Client(
                            i,
                            loops.get(i % 2),
                            target,
                            law,
                            published.topics(),
                            late,
                            random.nextLong());
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

    private void disturb(List<Client> clients, Published published, Random random)
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
            published.topics().publish("beat", "");
            await(loops);
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        assertTrue(failures.isEmpty(), failures::toString);
    }

    private void publish(Published published, Random random) {
        for (int i = 0; i < EVENTS / PUBLISHERS; i++) {
            published.one(random);
            pace.acquireUninterruptibly();
        }
    }

    private static void calm(List<Client> clients) throws InterruptedException {
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
        long tables = sum(clients, client -> client.law.tableSnapshots());
        long overs = sum(clients, client -> client.connection == null ? 1 : 0);
        long cut = topics.topic("cut").stats().disconnected();
        System.out.printf(
                "%d followers, %d connections, %d gaps (%d of failed filters), %d snapshots, %d of"
                        + " tables, %d streams ended properly, %d clients told of the end, %d"
                        + " disconnected; tiny: %s%n",
                clients.size(),
                connections,
                gaps,
                failures,
                snapshots,
                tables,
                ended,
                overs,
                cut,
                topics.topic("tiny").stats());
        assertTrue(tables > FOLLOWERS / 9 && overs == 2L * (FOLLOWERS / FOLLOWED.size()));
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
            if (client.head().startsWith("HTTP/1.1 204")) {
                law.over();
                leave();
                reportWhenDone();
                return;
            }
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
