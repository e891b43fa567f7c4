package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import microdot.JsonCodec;
import org.jetbrains.lincheck.Lincheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The few steps that take no lock, in each order in which threads may take them. */
class InterleavingsTest {
    private static final JsonCodec JSON = JsonCodec.standard();
    private static final Logs LOGS = new Logs(1 << 20, JSON);
    private static final CatchUp CATCH_UP = new CatchUp(LOGS, JSON);
    private static final EncodedEvent SHORT = EncodedEvent.of(Event.of("short"), JSON);
    private static final EncodedEvent LONG = EncodedEvent.of(Event.of("l".repeat(1500)), JSON);
    private static final byte[][] ID_LINES = {
        {}, EncodedEvent.idLine("1"), EncodedEvent.idLine("2")
    };

    /**
     * What only the threads' lambdas hold is taken for their own, and its steps are not told apart;
     * what was here is not.
     */
    private static volatile @Nullable Object shared;

    /** A loop, two topics, and for each a follower that notes the head when it is pulled. */
    private static final class Model {
        private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        private final DeliveryTask turn = new DeliveryTask(tasks::add);
        private final Listener[] listeners = {new Listener(turn), new Listener(turn)};

        void publish(int topic) {
            listeners[topic].publish();
        }

        // No more often than it could have something: to wait would be a spin.
        void loop(int tasksAtMost) {
            for (int i = 0; i < tasksAtMost; i++) {
                Runnable task = tasks.poll();
                if (task != null) {
                    task.run();
                }
            }
        }

        /** The publishers are through, the loop is not. */
        void check() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            for (Listener listener : listeners) {
                assertEquals(listener.head, listener.seen);
            }
        }
    }

    private static final class Listener {
        private final LoopReaders audience;
        private volatile long head;
        private long seen;

        Listener(DeliveryTask turn) {
            audience = new LoopReaders(turn);
            audience.add(cursor(() -> seen = head));
        }

        private static Cursor cursor(Runnable pulled) {
            var follower = new Follower(LOGS, CATCH_UP, new PulledSink(pulled), null, false);
            return new Cursor(follower, new EventLog("a", 0, new MemoryBudget(1 << 20)), 0, 0);
        }

        private synchronized void rise() {
            head = head + 1;
        }

        void publish() {
            rise();
            audience.wake();
        }
    }

    @Test
    void noWakeUpIsLost() {
        Lincheck.runConcurrentTest(
                1_500,
                () -> {
                    var model = new Model();
                    shared = model;
                    Thread one =
                            new Thread(
                                    () -> {
                                        model.publish(0);
                                        model.publish(1);
                                    });
                    Thread two = new Thread(() -> model.publish(0));
                    Thread loop = new Thread(() -> model.loop(3));
                    run(one, two, loop);
                    model.check();
                });
    }

    /** Also while the index grows, which it does at the fifth. */
    @Test
    void anEntryIsSeenWholeOrNotAtAll() {
        Lincheck.runConcurrentTest(
                1_500,
                () -> {
                    var segment = new Segment(0, 64);
                    shared = segment;
                    for (int position = 1; position <= 3; position++) {
                        segment.add(position, 0, position, null, null);
                    }
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread writer =
                            new Thread(
                                    () -> {
                                        segment.add(4, 0, 4, null, null);
                                        segment.add(5, 0, 5, null, null);
                                    });
                    Thread reader =
                            new Thread(() -> failure.set(failure(() -> readNewest(segment))));
                    run(writer, reader);
                    assertNull(failure.get());
                });
    }

    private static void readNewest(Segment segment) {
        int newest = segment.count() - 1;
        assertEquals(newest + 1, segment.position(newest));
        assertEquals(newest + 1, segment.end(newest));
        assertEquals(newest, segment.start(newest));
    }

    @Test
    void aReaderSeesWholeEntriesOrThatItLags() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    var log = new EventLog("a", 0, new MemoryBudget(1 << 20));
                    shared = log;
                    log.configure(new TopicOptions().keepEvents(1), JSON);
                    Thread writer =
                            new Thread(
                                    () -> {
                                        for (int position = 1; position <= 2; position++) {
                                            EncodedEvent event = position == 2 ? LONG : SHORT;
                                            log.append(
                                                    event, ID_LINES[position], position, 0, null);
                                        }
                                    });
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread reader = new Thread(() -> failure.set(failure(() -> read(log))));
                    run(writer, reader);
                    assertNull(failure.get());
                    assertEquals(1, log.keptFrom());
                });
    }

    private static @Nullable Throwable failure(Runnable checks) {
        try {
            checks.run();
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    private static void read(EventLog log) {
        long last = 0;
        for (int i = 0; i < 2; i++) {
            long entry = log.keptFrom();
            Segment segment = log.find(entry);
            if (segment == null) {
                continue; // Yet to come, or gone.
            }
            Frame frame = Frame.in(segment, (int) (entry - segment.first));
            assertTrue(frame.position() == entry + 1 && frame.position() >= last);
            last = frame.position();
            EncodedEvent event = last == 2 ? LONG : SHORT;
            byte[] copy = Frame.copyOf(segment, (int) (entry - segment.first)).bytes();
            assertArrayEquals(event.toBytes(ID_LINES[(int) last]), copy);
        }
    }

    private static void run(Thread... threads) {
        for (Thread thread : threads) {
            thread.start();
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
