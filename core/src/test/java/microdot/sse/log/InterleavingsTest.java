package microdot.sse.log;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.lincheck.Lincheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Runs the few steps that take no lock in each order in which threads may take them. */
class InterleavingsTest {
    private static final Retention ONE_EVENT = new Retention(1, 1 << 20, Long.MAX_VALUE / 4, null);
    private static final Retention TWO_EVENTS = new Retention(2, 1 << 20, Long.MAX_VALUE / 4, null);
    private static final EncodedEvent SHORT = event(10);
    private static final EncodedEvent LONG = event(1500);
    private static final byte[][] ID_LINES = {
        {}, EncodedEvent.idLine("1"), EncodedEvent.idLine("2")
    };

    /**
     * Lincheck takes what only the threads' lambdas hold for thread-local, and does not interleave
     * its steps; what was assigned to this field is shared.
     */
    private static volatile @Nullable Object shared;

    private static EncodedEvent event(int length) {
        byte[] rest = ("data: " + "x".repeat(length) + "\n\n").getBytes(US_ASCII);
        return new EncodedEvent(new byte[0], rest, null);
    }

    private static EventLog log(Retention retention) {
        var share = new MemoryBudget.Share(new AtomicLong(), new AtomicLong(), 0);
        return new EventLog(retention, 0, share, () -> {});
    }

    /** A loop, two topics, and for each a reader that notes the head when it is pulled. */
    private static final class Model {
        private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        private final DeliveryTask task = new DeliveryTask(tasks::add);
        private final Listener[] listeners = {new Listener(task), new Listener(task)};

        void publish(int topic) {
            listeners[topic].publish();
        }

        // No more often than there could be a task: to wait for one would be a spin.
        void loop(int tasksAtMost) {
            for (int i = 0; i < tasksAtMost; i++) {
                Runnable next = tasks.poll();
                if (next != null) {
                    next.run();
                }
            }
        }

        /** The publishers have finished, the loop has not. */
        void check() {
            for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
                next.run();
            }
            for (Listener listener : listeners) {
                assertEquals(listener.head, listener.seen);
            }
        }
    }

    private static final class Listener extends LoopReaders.Reader {
        private final LoopReaders readers;
        private volatile long head;
        private long seen;

        Listener(DeliveryTask task) {
            readers = new LoopReaders(task);
            readers.add(this);
        }

        @Override
        protected void pull() {
            seen = head;
        }

        private synchronized void rise() {
            head = head + 1;
        }

        void publish() {
            rise();
            readers.wake();
        }
    }

    @Test
    void wakeUpIsNeverLost() {
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

    /** The index grows at the fifth entry. */
    @Test
    void readerSeesWholeEntriesWhileIndexGrows() {
        Lincheck.runConcurrentTest(
                1_500,
                () -> {
                    var segment = new Segment(0, 64);
                    shared = segment;
                    for (int position = 1; position <= 3; position++) {
                        add(segment, position);
                    }
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread writer =
                            new Thread(
                                    () -> {
                                        add(segment, 4);
                                        add(segment, 5);
                                    });
                    Thread reader =
                            new Thread(() -> failure.set(failure(() -> readNewest(segment))));
                    run(writer, reader);
                    assertNull(failure.get());
                });
    }

    private static void add(Segment segment, int position) {
        segment.reserve(false, false);
        segment.add(position, 0, 1, null, null);
    }

    private static void readNewest(Segment segment) {
        int newest = segment.count() - 1;
        assertEquals(newest + 1, segment.position(newest));
        assertEquals(newest + 1, segment.end(newest));
        assertEquals(newest, segment.start(newest));
    }

    @Test
    void readerSeesWholeEntryOrThatItLags() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    EventLog log = log(ONE_EVENT);
                    shared = log;
                    Thread writer = new Thread(() -> appendTwo(log));
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread reader = new Thread(() -> failure.set(failure(() -> read(log))));
                    run(writer, reader);
                    assertNull(failure.get());
                    assertEquals(1, log.keptFrom());
                });
    }

    private static void appendTwo(EventLog log) {
        for (int position = 1; position <= 2; position++) {
            EncodedEvent event = position == 2 ? LONG : SHORT;
            log.append(event, ID_LINES[position], position, 0, null);
            log.trim(0);
        }
    }

    private static void read(EventLog log) {
        long last = 0;
        for (int i = 0; i < 2; i++) {
            long entry = log.keptFrom();
            Segment segment = log.find(entry);
            if (segment == null) {
                continue; // Yet to come, or trimmed.
            }
            Frame frame = Frame.in(segment, segment.indexOf(entry));
            assertTrue(frame.position() == entry + 1 && frame.position() >= last);
            last = frame.position();
            EncodedEvent event = last == 2 ? LONG : SHORT;
            byte[] copy = Frame.copyOf(segment, segment.indexOf(entry)).bytes();
            assertArrayEquals(event.toBytes(ID_LINES[(int) last]), copy);
        }
    }

    /** As a snapshot does: it reads the head first, then the first entry after it. */
    @Test
    void entryAfterHeadIsExactWithoutTheLock() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    var head = new Head();
                    shared = head;
                    Thread writer = new Thread(head::appendTwo);
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread reader = new Thread(() -> failure.set(failure(head::check)));
                    run(writer, reader);
                    assertNull(failure.get());
                });
    }

    /** A log whose head rises after each append, as {@link TopicOrder} raises it. */
    private static final class Head {
        private final EventLog log = log(TWO_EVENTS);
        private volatile long head;

        void appendTwo() {
            log.append(SHORT, ID_LINES[1], 1, 0, null);
            head = 1;
            log.append(LONG, ID_LINES[2], 2, 0, null);
            head = 2;
        }

        // Position n is entry n - 1: nothing was trimmed.
        void check() {
            long position = head;
            assertEquals(position, log.firstAfter(position));
        }
    }

    /** As a follower begins with an id: it reads the first entry after it, then the floor. */
    @Test
    void followerThatBeginsWithoutTheLockSkipsNoEvent() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    EventLog log = log(ONE_EVENT);
                    shared = log;
                    log.append(SHORT, ID_LINES[1], 1, 0, null);
                    log.append(LONG, ID_LINES[2], 2, 0, null);
                    Thread writer = new Thread(() -> log.trim(0));
                    var failure = new AtomicReference<@Nullable Throwable>();
                    Thread reader = new Thread(() -> failure.set(failure(() -> begin(log))));
                    run(writer, reader);
                    assertNull(failure.get());
                });
    }

    /** The segment with the last event that it has goes meanwhile. */
    @Test
    void followerThatHasWhatIsTrimmedBeginsBehindIt() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    EventLog log = log(ONE_EVENT);
                    shared = log;
                    log.append(SHORT, ID_LINES[1], 1, 0, null);
                    log.append(LONG, ID_LINES[2], 2, 0, null);
                    Thread writer = new Thread(() -> log.trim(0));
                    var begins = new AtomicLong();
                    Thread reader = new Thread(() -> begins.set(log.firstAfter(1)));
                    run(writer, reader);
                    assertEquals(1, begins.get());
                });
    }

    private static void begin(EventLog log) {
        long entry = log.firstAfter(0);
        if (log.floor() == 0) {
            assertEquals(0, entry);
        }
    }

    /** The last reader of a loop leaves, and is swept, while another joins. */
    @Test
    void readerThatJoinsWhileItsLoopIsReleasedIsWoken() {
        Lincheck.runConcurrentTest(
                500,
                () -> {
                    var readers = new TopicReaders();
                    shared = readers;
                    var tasks = new ConcurrentLinkedQueue<Runnable>();
                    var task = new DeliveryTask(tasks::add);
                    LoopReaders last = readers.join(task);
                    var joined = new AtomicReference<@Nullable LoopReaders>();
                    Thread sweeper =
                            new Thread(
                                    () -> {
                                        last.depart();
                                        readers.releaseUnused();
                                    });
                    Thread follower = new Thread(() -> joined.set(readers.join(task)));
                    run(sweeper, follower);
                    var pulled = new AtomicBoolean();
                    Objects.requireNonNull(joined.get()).add(reader(() -> pulled.set(true)));
                    readers.wake();
                    for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
                        next.run();
                    }
                    assertTrue(pulled.get());
                });
    }

    private static LoopReaders.Reader reader(Runnable pull) {
        return new LoopReaders.Reader() {
            @Override
            protected void pull() {
                pull.run();
            }
        };
    }

    private static @Nullable Throwable failure(Runnable checks) {
        try {
            checks.run();
            return null;
        } catch (RuntimeException | Error e) {
            return e;
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
