package microdot.testing;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.Body;
import microdot.BodySink;
import microdot.sse.Event;
import microdot.sse.EventParser;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a {@link TestStream}: what is written waits in line until the client reads, and
 * is then parsed.
 */
final class StreamSink implements BodySink {
    static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LIMIT = 64 << 10;

    // As an event loop: one thread, tasks in order. Shared, so that two streams follow topics on
    // one loop as on a server.
    private static final ExecutorService LOOP =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("test-loop").daemon().factory());

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<byte[]> line = new ArrayDeque<>();
    private final Queue<Event> events = new ArrayDeque<>();
    private final List<Event> taken = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private final EventParser parser = new EventParser(events::add, comments::add);
    private final List<Runnable> onClose = new ArrayList<>();
    private int waiting;
    private boolean paused;
    private TestStream.@Nullable End end;
    private @Nullable Supplier<byte[]> heartbeat;
    private @Nullable Function<Duration, byte[]> farewell;
    private @Nullable Feed feed;

    /** On the handler's thread, as a server runs it. */
    void run(Body.StreamWriter writer) {
        try {
            writer.writeTo(this);
            if (locked(() -> feed == null)) {
                end();
            }
        } catch (Exception | Error e) {
            abort();
        }
    }

    // ---- The handler's side ----

    @Override
    public void write(byte[] bytes) throws ClosedChannelException, InterruptedException {
        lock.lock();
        try {
            while (end == null && waiting >= LIMIT) {
                changed.await();
            }
            if (end != null) {
                throw new ClosedChannelException();
            }
            put(bytes);
        } finally {
            lock.unlock();
        }
    }

    private void put(byte[] bytes) {
        line.add(bytes);
        waiting += bytes.length;
        read();
    }

    /** Under the lock: reads what is in line, unless the client does not. */
    private void read() {
        while (!paused && !line.isEmpty()) {
            byte[] bytes = line.remove();
            waiting -= bytes.length;
            parser.feed(bytes);
        }
        changed.signalAll();
    }

    @Override
    public void end() {
        finish(TestStream.End.RETURNED);
    }

    @Override
    public void abort() {
        finish(TestStream.End.ABORTED);
    }

    private void finish(TestStream.End how) {
        List<Runnable> actions;
        lock.lock();
        try {
            if (end != null) {
                return;
            }
            end = how;
            changed.signalAll();
            actions = List.copyOf(onClose);
        } finally {
            lock.unlock();
        }
        actions.forEach(Runnable::run);
    }

    @Override
    public boolean isOpen() {
        return locked(() -> end == null);
    }

    @Override
    public void onClose(Runnable action) {
        boolean over =
                locked(
                        () -> {
                            onClose.add(action);
                            return end != null;
                        });
        if (over) {
            action.run();
        }
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        doLocked(
                () -> {
                    heartbeat = frame;
                });
    }

    @Override
    public void farewell(Function<Duration, byte[]> last) {
        doLocked(
                () -> {
                    farewell = last;
                });
    }

    @Override
    public void endAt(Instant time) {
        if (!time.isAfter(Instant.now())) {
            dismiss(Duration.ofSeconds(1));
        }
    }

    // ---- A feed's side ----

    @Override
    public void feed(Feed source) {
        doLocked(
                () -> {
                    feed = source;
                });
    }

    @Override
    public Executor loop() {
        return LOOP;
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source == null || locked(() -> end != null || waiting > 0)) {
            return;
        }
        if (source.fill(new Turn())) {
            LOOP.execute(this::pull);
        }
    }

    private final class Turn implements Space {
        private int room = LIMIT;

        @Override
        public int room() {
            return room;
        }

        @Override
        public void put(byte[] bytes, int from, int to) {
            room -= to - from;
            byte[] copy = Arrays.copyOfRange(bytes, from, to);
            doLocked(
                    () -> {
                        StreamSink.this.put(copy);
                    });
        }
    }

    // ---- The client's side ----

    Event next() {
        lock.lock();
        try {
            awaitOr(() -> !events.isEmpty() || end != null);
            Event event = events.poll();
            if (event == null) {
                throw new AssertionError("no event came; " + story());
            }
            taken.add(event);
            return event;
        } finally {
            lock.unlock();
        }
    }

    private String story() {
        String how = end == null ? "the stream is open" : "the stream has ended: " + end;
        return how + "; before came " + taken + ", comments " + comments;
    }

    /** Under the lock: waits for the condition, or until patience ends. */
    private void awaitOr(BooleanSupplier condition) {
        long left = PATIENCE.toNanos();
        try {
            while (!condition.getAsBoolean() && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted; " + story(), e);
        }
    }

    TestStream.End awaitEnd() {
        lock.lock();
        try {
            awaitOr(() -> end != null);
            if (end == null) {
                throw new AssertionError("the stream does not end; " + story());
            }
            return end;
        } finally {
            lock.unlock();
        }
    }

    void pause(boolean value) {
        doLocked(
                () -> {
                    paused = value;
                    read();
                });
        LOOP.execute(this::pull);
    }

    void heartbeat() {
        onLoop(
                () -> {
                    Supplier<byte[]> frame = heartbeat;
                    if (frame != null && locked(() -> end == null && waiting == 0)) {
                        byte[] bytes = frame.get();
                        doLocked(
                                () -> {
                                    put(bytes);
                                });
                    }
                });
    }

    void dismiss(Duration within) {
        onLoop(
                () -> {
                    Function<Duration, byte[]> last = farewell;
                    if (last != null && isOpen()) {
                        byte[] bytes = last.apply(within);
                        doLocked(
                                () -> {
                                    put(bytes);
                                });
                    }
                    end();
                });
    }

    /** Runs the task on the loop and waits for it. */
    private static void onLoop(Runnable task) {
        try {
            LOOP.submit(task).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    void leave() {
        finish(TestStream.End.CLOSED);
    }

    List<Event> left() {
        lock.lock();
        try {
            return List.copyOf(events);
        } finally {
            lock.unlock();
        }
    }

    List<String> comments() {
        lock.lock();
        try {
            return List.copyOf(comments);
        } finally {
            lock.unlock();
        }
    }

    String lastEventId() {
        lock.lock();
        try {
            return parser.lastEventId();
        } finally {
            lock.unlock();
        }
    }

    @Nullable Duration retry() {
        lock.lock();
        try {
            return parser.retry();
        } finally {
            lock.unlock();
        }
    }

    private void doLocked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    private boolean locked(BooleanSupplier action) {
        lock.lock();
        try {
            return action.getAsBoolean();
        } finally {
            lock.unlock();
        }
    }
}
