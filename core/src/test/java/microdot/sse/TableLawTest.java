package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The law of tables: a client that applies what it gets has the rows of the server, whatever it was
 * that disconnected it, and no row is ever taken back. Repeat a run with {@code
 * -Dmicrodot.test.seed}; {@code -Dsoak.minutes} makes it longer.
 */
@SuppressWarnings("ThreadPriorityCheck") // It lets other threads run while it waits.
class TableLawTest {
    private static final int CHANGES = 12_000;
    private static final int WRITERS = 3;
    private static final List<String> TABLES = List.of("few", "large", "churn", "brief", "paced");

    private final List<ExecutorService> loops =
            List.of(
                    Executors.newSingleThreadExecutor(),
                    Executors.newSingleThreadExecutor(),
                    Executors.newSingleThreadExecutor());

    /** Keeps writers as fast as the disturbance, on average, on every machine. */
    private final Semaphore pace = new Semaphore(0);

    private final AtomicLong sequence = new AtomicLong();

    @AfterEach
    void stop() {
        loops.forEach(ExecutorService::shutdownNow);
    }

    @Test
    void clientsHaveTheRowsOfTheServer() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(Long.getLong("soak.minutes", 0));
        int round = 0;
        do {
            System.out.println("TableLawTest: -Dmicrodot.test.seed=" + seed);
            round(new Random(seed));
            seed++;
        } while (++round < 6 || System.nanoTime() - end < 0);
    }

    private void round(Random random) throws Exception {
        var topics = new Topics(1_500_000 + random.nextInt(4_000_000));
        var tables = new ArrayList<Table>();
        for (String name : TABLES) {
            var options = new TableOptions();
            options = name.equals("brief") ? options.ttl(Duration.ofMillis(20)) : options;
            options = name.equals("paced") ? options.minInterval(Duration.ofMillis(5)) : options;
            tables.add(topics.table(name, options));
        }
        topics.topic("tiny", new TopicOptions().keepEvents(2));
        topics.topic("keys", new TopicOptions().keepEvents(3).latestBy(Event::event));
        List<TableClient> clients = clients(topics);
        clients.forEach(client -> client.connect(loop(random)));

        var writers = new ArrayList<Thread>();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        for (int i = 0; i < WRITERS; i++) {
            var own = new Random(random.nextLong());
            var thread = new Thread(() -> write(topics, tables, own));
            thread.setUncaughtExceptionHandler((where, error) -> failures.add(error));
            thread.start();
            writers.add(thread);
        }
        while (writers.stream().anyMatch(Thread::isAlive)) {
            TableClient client = clients.get(random.nextInt(clients.size()));
            client.disturb(random);
            client.connect(loop(random));
            client.has("few", Map.of());
            if (random.nextInt(50) == 0) {
                topics.registry().sweep(); // Removes rows of "brief".
            }
            pace.release(random.nextInt(24));
        }
        assertTrue(failures.isEmpty(), failures::toString);
        await(clients, tables, random);
        assertTrue(clients.stream().allMatch(client -> client.snapshots() > 0));
        clients.forEach(TableClient::close);
        for (String name : TABLES) {
            assertEquals(0, topics.topic(name).followers());
        }
    }

    private Executor loop(Random random) {
        return loops.get(random.nextInt(loops.size()));
    }

    private static List<TableClient> clients(Topics topics) {
        var clients = new ArrayList<TableClient>();
        for (int i = 0; i < 3; i++) {
            for (String name : TABLES) {
                clients.add(new TableClient(topics, List.of(name)));
            }
            clients.add(new TableClient(topics, List.of("paced", "plain", "few")));
            clients.add(new TableClient(topics, List.of("few", "tiny")));
            clients.add(new TableClient(topics, List.of("plain", "churn")));
            clients.add(new TableClient(topics, List.of("few", "large", "brief")));
            clients.add(new TableClient(topics, List.of("large", "keys", "few", "plain")));
        }
        return clients;
    }

    /** A value that is newer than all others of its key: one writer has all its keys. */
    private String value(int length) {
        return sequence.incrementAndGet() + " " + "x".repeat(length);
    }

    private void write(Topics topics, List<Table> tables, Random random) {
        String own = Long.toHexString(random.nextLong());
        long added = 0;
        long removed = 0;
        for (int i = 0; i < CHANGES / WRITERS; i++) {
            switch (random.nextInt(14)) {
                case 12 -> tables.get(4).put(own + random.nextInt(400), value(5));
                case 13 -> tables.get(4).remove(own + random.nextInt(400));
                case 0 -> topics.publish("tiny", "tiny");
                case 1 -> topics.publish("plain", "plain");
                case 2 -> topics.publish("keys", Event.of("keys").event("key" + random.nextInt(5)));
                case 3 -> tables.get(1).put(own + random.nextInt(20), value(3000));
                case 4 -> tables.get(1).remove(own + random.nextInt(20));
                case 5 -> tables.get(0).remove(own + random.nextInt(4));
                case 6 -> tables.get(3).put(own + random.nextInt(30), value(5));
                case 7, 8 -> tables.get(2).put(own + added++, value(0));
                case 9 -> tables.get(2).remove(own + removed++);
                default -> tables.get(0).put(own + random.nextInt(4), value(random.nextInt(30)));
            }
            if (added > 300 && random.nextBoolean()) {
                tables.get(2).remove(own + removed++);
            }
            pace.acquireUninterruptibly();
        }
    }

    private void await(List<TableClient> clients, List<Table> tables, Random random) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            clients.forEach(client -> client.connect(loop(random)));
            clients.forEach(TableClient::takeEverything);
            List<TableClient> late =
                    clients.stream().filter(client -> !hasAll(client, tables)).toList();
            if (late.isEmpty()) {
                return;
            }
            if (System.nanoTime() - until > 0) {
                fail("never had the rows of the server: " + late);
            }
            Thread.yield();
        }
    }

    private static boolean hasAll(TableClient client, List<Table> tables) {
        return tables.stream().allMatch(table -> client.has(table.name(), table.rows()));
    }
}
