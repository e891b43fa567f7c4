package microdot.sse;

import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * A stream's end within the process: parses what a follower would write to a socket, one turn at a
 * time.
 */
final class InProcessSink implements BodySink {
    private static final int TURN = 64 << 10;

    // One thread for all of the process: it only copies and parses, and calls nobody's code.
    private static final Executor LOOP =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("microdot-in-process").daemon().factory());

    private final BooleanSupplier drained;
    private final Runnable closed;
    private final EventParser parser;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean asked = new AtomicBoolean();
    private List<Runnable> onClose = new ArrayList<>(1);
    private volatile boolean open = true;
    private @Nullable Feed feed;

    /**
     * @param events gets what is parsed
     * @param drained whether that was taken: before, nothing more is
     * @param closed runs at the end
     */
    InProcessSink(Consumer<Event> events, BooleanSupplier drained, Runnable closed) {
        this.parser = new EventParser(events);
        this.drained = drained;
        this.closed = closed;
    }

    /** From any thread, as often as wanted: one task at a time is with the loop for it. */
    void request() {
        if (!asked.getAndSet(true)) {
            LOOP.execute(
                    () -> {
                        asked.set(false);
                        pullOrEnd();
                    });
        }
    }

    /** Whoever reads would wait for ever for what failed. */
    private void pullOrEnd() {
        try {
            pull();
        } catch (RuntimeException | Error e) {
            Topics.LOG.log(Level.ERROR, "a subscription failed", e);
            abort();
        }
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source == null || !open || !drained.getAsBoolean()) {
            return;
        }
        source.fill(new Turn());
    }

    private final class Turn implements Space {
        private int room = TURN;

        @Override
        public int room() {
            return room;
        }

        @Override
        public void put(byte[] bytes, int from, int to) {
            parser.feed(bytes, from, to - from);
            room -= to - from;
        }
    }

    @Override
    public void feed(Feed source) {
        LOOP.execute(() -> feed = source);
    }

    @Override
    public Executor loop() {
        return LOOP;
    }

    @Override
    public void write(byte[] bytes) throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
        LOOP.execute(() -> parser.feed(bytes));
    }

    @Override
    public void end() {
        List<Runnable> actions;
        lock.lock();
        try {
            if (!open) {
                return;
            }
            open = false;
            actions = onClose;
            onClose = List.of();
        } finally {
            lock.unlock();
        }
        closed.run();
        actions.forEach(Runnable::run);
    }

    @Override
    public void abort() {
        end();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        lock.lock();
        try {
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
    public void keepAlive(Supplier<byte[]> frame) {
        // There is no connection that a proxy could take for dead.
    }

    @Override
    public void closingFrames(Function<Duration, byte[]> last) {
        // There is no server that stops ahead of its process.
    }

    @Override
    public void endAt(Instant time) {
        throw new UnsupportedOperationException("endAt within the process (expected: close)");
    }
}
