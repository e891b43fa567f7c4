package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.internal.BriefLock;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/**
 * The destination of a stream within the process: parses what a follower would write to a socket,
 * one slice at a time.
 */
final class InProcessSink extends BriefLock implements BodySink {
    private static final Logger LOG = System.getLogger("microdot.sse");

    // One thread for the whole process: it only copies and parses, and calls no user code.
    private static final Executor LOOP =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform()
                            .name("microdot-in-process")
                            .daemon()
                            .uncaughtExceptionHandler((thread, error) -> uncaught(error))
                            .factory());

    private final BooleanSupplier drained;
    private final Runnable closed;
    private final Consumer<Boolean> filled;
    private final EventParser parser;
    private final AtomicBoolean asked = new AtomicBoolean();
    private List<Runnable> onClose = new ArrayList<>(1);
    private volatile boolean open = true;
    private volatile @Nullable CloseReason reason;
    private @Nullable Feed feed;

    /**
     * @param events gets what is parsed
     * @param drained returns whether that was taken; nothing more is pulled before
     * @param closed runs at the end
     * @param filled gets, when everything of a slice was parsed, whether more is available already
     */
    InProcessSink(
            Consumer<Event> events,
            BooleanSupplier drained,
            Runnable closed,
            Consumer<Boolean> filled) {
        this.parser = new EventParser(events);
        this.drained = drained;
        this.closed = closed;
        this.filled = filled;
    }

    /** From any thread, as often as wanted: the loop has one task of it at a time. */
    void request() {
        if (!asked.getAndSet(true)) {
            try {
                LOOP.execute(this::answer);
            } catch (RuntimeException | Error e) {
                asked.set(false); // Nobody would ask again.
                throw e;
            }
        }
    }

    private void answer() {
        asked.set(false);
        guarded(this::pull);
    }

    private static void uncaught(Throwable error) {
        ProcessErrors.check(error);
        LOG.log(Level.ERROR, "delivery within the process failed", error);
    }

    /** A failure ends the subscription: its reader would wait for ever. */
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            LOG.log(Level.ERROR, "a subscription failed and was closed", e);
            abort();
        }
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source == null || !open || !drained.getAsBoolean()) {
            return;
        }
        filled.accept(source.fill(new Slice()));
    }

    private final class Slice implements Space {
        private int room = SLICE_BYTES;

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
        LOOP.execute(() -> guarded(() -> parser.feed(bytes)));
    }

    @Override
    public void end(CloseReason why) {
        List<Runnable> actions;
        lock();
        try {
            if (!open) {
                return;
            }
            open = false;
            reason = why;
            actions = onClose;
            onClose = List.of();
        } finally {
            unlock();
        }
        closed.run();
        actions.forEach(Runnable::run);
    }

    @Override
    public void abort(CloseReason why) {
        end(why);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return reason;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        lock();
        try {
            if (open) {
                onClose.add(action);
                return;
            }
        } finally {
            unlock();
        }
        action.run();
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        // There is no connection that a proxy could consider dead.
    }

    @Override
    public void endAt(Instant time) {
        throw new UnsupportedOperationException("endAt within the process (expected: close)");
    }
}
