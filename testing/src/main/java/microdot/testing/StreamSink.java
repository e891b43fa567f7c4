package microdot.testing;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.Body;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a {@link TestStream}: what is written waits in line until the client reads.
 * Time stands still: heartbeats and ends at a time come when the test calls for them.
 */
final class StreamSink implements BodySink {
    /** As {@link microdot.ServerOptions#streamBuffer()}. */
    static final int LIMIT = 64 << 10;

    private static final Logger LOG = System.getLogger("microdot.testing");

    private final Received client;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<byte[]> line = new ArrayDeque<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Queue<Thread> afterwards = new ConcurrentLinkedQueue<>();
    private List<Runnable> onClose = new ArrayList<>();
    private int waiting;
    private int blocked;
    private boolean paused;
    private boolean open = true;
    private boolean fed;
    private boolean begun;
    private Instant endAt = Instant.MAX;

    // Of the loop alone.
    private @Nullable Feed feed;
    private @Nullable Supplier<byte[]> heartbeat;
    private @Nullable Function<Duration, byte[]> closingFrames;

    StreamSink(Received client, boolean paused) {
        this.client = client;
        this.paused = paused;
    }

    /** On the handler's thread, as a server runs it. */
    void run(Body.StreamWriter writer) {
        Function<Duration, byte[]> first = writer.closingFrames();
        if (first != null) {
            closingFrames(first);
        }
        try {
            writer.writeTo(this);
            if (!isFed()) {
                end();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "the body failed", e);
            abort();
        }
    }

    private boolean isFed() {
        lock.lock();
        try {
            return fed;
        } finally {
            lock.unlock();
        }
    }

    // ---- The handler's side ----

    @Override
    public void write(byte[] bytes) throws ClosedChannelException, InterruptedException {
        lock.lock();
        try {
            awaitRoom();
            if (!open) {
                throw new ClosedChannelException();
            }
            put(bytes);
        } finally {
            lock.unlock();
        }
    }

    private void awaitRoom() throws InterruptedException {
        blocked++;
        try {
            while (open && waiting >= LIMIT) {
                changed.signalAll(); // To who waits for this in awaitBlocked.
                changed.await();
            }
        } finally {
            blocked--;
        }
    }

    /** Under the lock. */
    private void put(byte[] bytes) {
        begun = true;
        line.add(bytes);
        waiting += bytes.length;
        read();
    }

    /** Under the lock: the client reads what is in line, unless it is paused, and then the end. */
    private void read() {
        while (!paused && !line.isEmpty()) {
            byte[] bytes = line.remove();
            waiting -= bytes.length;
            client.read(bytes);
        }
        if (!open && line.isEmpty()) {
            client.end(TestStream.End.RETURNED);
        }
        changed.signalAll();
    }

    @Override
    public void end() {
        finish(this::read);
    }

    @Override
    public void abort() {
        finish(
                () -> {
                    line.clear();
                    client.end(TestStream.End.ABORTED);
                });
    }

    /** What is done first, under the lock, says how it ends for the client. */
    private void finish(Runnable first) {
        List<Runnable> actions;
        lock.lock();
        try {
            if (!open) {
                return;
            }
            open = false;
            first.run();
            changed.signalAll();
            actions = onClose;
            onClose = List.of();
        } finally {
            lock.unlock();
        }
        actions.forEach(Runnable::run);
        finished.countDown();
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onClose(Runnable action) {
        lock.lock();
        try {
            begun = true;
            changed.signalAll();
            if (open) {
                onClose.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    @Override
    public void afterClose(Runnable action) {
        onClose(() -> afterwards.add(Thread.ofVirtual().name("test-on-close").start(action)));
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        Loop.EXECUTOR.execute(() -> heartbeat = frame);
    }

    @Override
    public void closingFrames(Function<Duration, byte[]> last) {
        Loop.EXECUTOR.execute(() -> closingFrames = last);
    }

    @Override
    public void endAt(Instant time) {
        lock.lock();
        try {
            endAt = time.isBefore(endAt) ? time : endAt;
        } finally {
            lock.unlock();
        }
    }

    // ---- A feed's side ----

    @Override
    public void feed(Feed source) {
        lock.lock();
        try {
            fed = true;
        } finally {
            lock.unlock();
        }
        Loop.EXECUTOR.execute(() -> feed = source);
    }

    @Override
    public Executor loop() {
        return Loop.EXECUTOR;
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source != null && takesMore() && fill(source)) {
            Loop.EXECUTOR.execute(this::pull);
        }
    }

    private boolean takesMore() {
        lock.lock();
        try {
            return open && waiting == 0;
        } finally {
            lock.unlock();
        }
    }

    private boolean fill(Feed source) {
        try {
            return source.fill(new Turn());
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the feed failed", e);
            abort();
            return false;
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
            putIfOpen(Arrays.copyOfRange(bytes, from, to));
        }
    }

    private void putIfOpen(byte[] bytes) {
        lock.lock();
        try {
            if (open) {
                put(bytes);
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- The client's side ----

    /**
     * Waits until the writer has made the stream its own: it has asked to be told of the end, or
     * has written. A heartbeat or an end before that would meet a stream that has neither.
     */
    void awaitBegun(Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (open && !begun && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    void pause(boolean value) {
        lock.lock();
        try {
            paused = value;
            read();
        } finally {
            lock.unlock();
        }
        Loop.EXECUTOR.execute(this::pull);
    }

    /** Whether a write came to wait within the time. */
    boolean awaitBlocked(Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (open && !isBlocked() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return open && isBlocked();
        } finally {
            lock.unlock();
        }
    }

    private boolean isBlocked() {
        return blocked > 0 && waiting >= LIMIT;
    }

    void heartbeat() {
        Loop.call(
                () -> {
                    // What waits to be read is no idle stream.
                    if (heartbeat != null && takesMore()) {
                        putIfOpen(heartbeat.get());
                    }
                });
    }

    /** Ends the stream as a server does, if its time has come. */
    void advanceTo(Instant now, Duration time) {
        lock.lock();
        try {
            if (endAt.isAfter(now)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        closeWithRetry(time);
    }

    void closeWithRetry(Duration time) {
        Loop.call(
                () -> {
                    if (closingFrames != null) {
                        putIfOpen(closingFrames.apply(time));
                    }
                    end();
                });
    }

    void leave() {
        client.leave();
        finish(line::clear);
    }

    /** After the end: those who still work for the stream, and whether all have begun. */
    boolean awaitAfterwards(Duration time) throws InterruptedException {
        if (!finished.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        for (Thread thread : afterwards) {
            if (!thread.join(time)) {
                return false;
            }
        }
        return true;
    }
}
