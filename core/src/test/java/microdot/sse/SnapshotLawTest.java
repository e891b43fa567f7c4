package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A snapshot and the events after it are the state: never both, never neither. Clients disconnect
 * after any event and reconnect with the id that they have. Repeat a run with {@code
 * -Dmicrodot.test.seed}.
 */
@SuppressWarnings("ThreadPriorityCheck") // It disturbs the scheduler on purpose.
class SnapshotLawTest {
    private static final int ROUNDS = 6;
    private static final int CHANGES = 1_500;

    private final Topics topics = new Topics();

    /** A state of two parts, which a supplier without a lock may read half-changed. */
    private static final class State {
        private volatile int one;
        private volatile int two;

        /** One at a time, by the promise of the topic. */
        @SuppressWarnings("NonAtomicVolatileUpdate")
        void increment(Random random) {
            one++;
            pause(random);
            two++;
        }

        String copy(Random random) {
            int first = one;
            pause(random);
            return first + " " + two;
        }
    }

    private static void pause(Random random) {
        if (random.nextInt(4) == 0) {
            Thread.yield();
        }
    }

    /** What a client has of one topic. */
    private static final class Seen {
        private int state = -1;
    }

    @Test
    void snapshotAndLaterEventsAreTheState() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        for (int i = 0; i < ROUNDS; i++, seed++) {
            System.out.println("SnapshotLawTest: -Dmicrodot.test.seed=" + seed);
            round(new Random(seed), i);
        }
    }

    private void round(Random random, int round) throws Exception {
        String a = "a" + round;
        String b = "b" + round;
        var states = List.of(new State(), new State());
        stateful(a, states.get(0), random.nextLong());
        stateful(b, states.get(1), random.nextLong());
        var over = new AtomicBoolean();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 3; i++) {
            long own = random.nextLong();
            threads.add(start(failures, () -> publish(a, b, states, new Random(own))));
        }
        var clients = new ArrayList<Thread>();
        var connects = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
            long own = random.nextLong();
            List<String> names = i < 2 ? List.of(a) : List.of(a, "plain", b);
            clients.add(
                    start(
                            failures,
                            () -> new Client(names, new Random(own), connects).run(over, states)));
        }
        for (Thread thread : threads) {
            assertTrue(thread.join(Duration.ofSeconds(60)));
        }
        over.set(true);
        for (Thread thread : clients) {
            assertTrue(thread.join(Duration.ofSeconds(60)));
        }
        failures.forEach(Throwable::printStackTrace);
        assertEquals(List.of(), List.copyOf(failures));
        assertTrue(connects.get() > 4);
    }

    private void stateful(String topic, State state, long seed) {
        var random = new Random(seed);
        topics.topic(
                topic,
                new TopicOptions()
                        .keepEvents(20)
                        .snapshot(() -> Event.of(state.copy(random)).event("state-" + topic)));
    }

    private static Thread start(ConcurrentLinkedQueue<Throwable> failures, Runnable task) {
        Thread thread = Thread.ofPlatform().unstarted(task);
        thread.setUncaughtExceptionHandler((where, error) -> failures.add(error));
        thread.start();
        return thread;
    }

    private void publish(String a, String b, List<State> states, Random random) {
        for (int i = 0; i < CHANGES; i++) {
            int which = random.nextInt(3);
            if (which == 2) {
                topics.publish("plain", "plain");
                continue;
            }
            State state = states.get(which);
            String topic = which == 0 ? a : b;
            while (!change(topic, state, random)) {
                Thread.yield();
            }
            pause(random);
        }
    }

    /**
     * Returns false when another change held the lock for the whole second that a change may wait:
     * a machine that is busy can take so long. Every other refusal is a failure, and so is a lock
     * that is never released: then the publisher does not end.
     */
    private boolean change(String topic, State state, Random random) {
        var changed = new AtomicBoolean();
        long start = System.nanoTime();
        try {
            topics.publish(
                    topic,
                    () -> {
                        changed.set(true);
                        state.increment(random);
                        return Event.of(state.two).event(topic);
                    });
        } catch (IllegalStateException e) {
            long waited = System.nanoTime() - start;
            assertFalse(changed.get(), e::toString);
            assertTrue(String.valueOf(e.getMessage()).contains("within 1 s"), e::toString);
            assertTrue(waited >= TimeUnit.SECONDS.toNanos(1), () -> "refused after " + waited);
            System.out.println("SnapshotLawTest: the machine is busy, a change waited a second");
        }
        return changed.get();
    }

    /** A client that reconnects again and again, each time after a few events. */
    private final class Client {
        private final List<String> names;
        private final Random random;
        private final AtomicInteger connects;
        private @Nullable String id;

        Client(List<String> names, Random random, AtomicInteger connects) {
            this.names = names;
            this.random = random;
            this.connects = connects;
        }

        private Seen a = new Seen();
        private Seen b = new Seen();

        void run(AtomicBoolean over, List<State> states) {
            while (!over.get()) {
                connect(1 + random.nextInt(12), null);
            }
            connect(Integer.MAX_VALUE, states);
        }

        /** Reads so many events, or until it has the whole state. */
        private void connect(int events, @Nullable List<State> until) {
            connects.incrementAndGet();
            var loop = new TestLoop();
            var read = new AtomicInteger();
            var parser =
                    new EventParser(
                            event -> {
                                if (read.getAndIncrement() < events) {
                                    got(event);
                                    id = event.id() == null ? id : event.id();
                                }
                            });
            // One event at a time, so that it can leave after any of them.
            var sink = new FakeSink(loop, parser::feed).room(1);
            topics.followers()
                    .follow(
                            sink,
                            names,
                            new StartPosition.Wish(id, topics.head(), random.nextInt(4)),
                            null,
                            new StreamClosingFrames());
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (until == null ? read.get() < events && random.nextInt(5000) > 0 : !has(until)) {
                loop.step();
                assertTrue(System.nanoTime() - end < 0, () -> "a is " + a.state + ", b " + b.state);
            }
            sink.disconnect();
            if (random.nextInt(4) == 0) {
                id = null;
                a = new Seen();
                b = new Seen();
            }
        }

        private boolean has(List<State> states) {
            return a.state == states.get(0).two
                    && (names.size() == 1 || b.state == states.get(1).two);
        }

        private void got(Event event) {
            String data = String.valueOf(event.data());
            String name = event.event();
            if (name != null && name.startsWith("state-")) {
                String[] parts = data.split(" ", -1);
                assertEquals(parts[0], parts[1], "read beside a change");
                Seen seen = name.startsWith("state-a") ? a : b;
                int state = Integer.parseInt(parts[1]);
                assertTrue(state >= seen.state, () -> "an older state of " + name + ": " + data);
                seen.state = state;
            } else if (name != null && !name.equals("gap")) {
                Seen seen = name.startsWith("a") ? a : b;
                assertEquals(seen.state + 1, Integer.parseInt(data), () -> name + ", id " + id);
                seen.state++;
            }
        }
    }
}
