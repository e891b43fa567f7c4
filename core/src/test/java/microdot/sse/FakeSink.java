package microdot.sse;

import java.io.ByteArrayOutputStream;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.ClosingFrames;
import org.jspecify.annotations.Nullable;

/** A connection without a socket: the test decides what it takes and when it breaks. */
final class FakeSink implements BodySink {
    private final Executor loop;
    private final Consumer<byte[]> out;
    private List<Runnable> onClose = new ArrayList<>();
    private volatile boolean open = true;
    private volatile @Nullable CloseReason reason;
    private volatile boolean endedProperly;
    private volatile int room = SLICE_BYTES;
    private volatile Duration interval = Duration.ofSeconds(15);

    // Confined to the loop.
    private @Nullable Feed feed;
    private @Nullable Supplier<byte[]> heartbeat;
    private long window = Long.MAX_VALUE;
    private boolean full;
    private boolean failing;
    private volatile boolean onLoop;
    private volatile ClosingFrames closingFrames = ClosingFrames.NONE;

    /**
     * @param out gets the bytes of each slice, on the loop
     */
    FakeSink(Executor loop, Consumer<byte[]> out) {
        this.loop = loop;
        this.out = out;
    }

    /** Limits the bytes of one slice. */
    FakeSink room(int bytes) {
        room = bytes;
        return this;
    }

    /** Makes callers look like its event loop, which must not wait. */
    FakeSink onLoop() {
        onLoop = true;
        return this;
    }

    /** Takes nothing from now on. */
    FakeSink stall() {
        return takeOnly(0);
    }

    /** Takes {@code bytes} more bytes, rounded up to whole slices, and then nothing. */
    FakeSink takeOnly(long bytes) {
        loop.execute(
                () -> {
                    window = bytes;
                    full = bytes == 0;
                    pull();
                });
        return this;
    }

    FakeSink unstall() {
        return takeOnly(Long.MAX_VALUE);
    }

    /** The client disconnects. */
    void disconnect() {
        finish(CloseReason.CLIENT_CLOSED);
    }

    void failNextPull() {
        failing = true;
    }

    void heartbeatNow() {
        Supplier<byte[]> frame = heartbeat;
        if (frame != null && !full && open) {
            out.accept(frame.get());
        }
    }

    /** What a transport does now and then. On the loop. */
    void tick() {
        if (!full) {
            heartbeatNow();
        } else if (open && !mayWait()) {
            abort();
        }
    }

    /** Ends the stream as a server does that stops, if the client reads. On the loop. */
    void close() {
        if (!full && open) {
            out.accept(closingFrames().getBytes(StandardCharsets.UTF_8));
            end();
        }
    }

    /** Asks the feed as a transport does while the client reads nothing. */
    boolean mayWait() {
        return feed == null || feed.mayWait();
    }

    boolean endedProperly() {
        return endedProperly;
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source == null || full || !open) {
            return;
        }
        if (failing) {
            throw new IllegalStateException("thrown by the test");
        }
        var slice = new Slice(room);
        boolean more = source.fill(slice);
        byte[] bytes = slice.bytes.toByteArray();
        if (bytes.length > 0) {
            window -= bytes.length;
            full = window <= 0;
            out.accept(bytes);
        }
        if (more && !full) {
            onLoop(this::pull);
        }
    }

    private static final class Slice implements Space {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int room;

        Slice(int room) {
            this.room = room;
        }

        @Override
        public int room() {
            return room;
        }

        @Override
        public void put(byte[] from, int start, int end) {
            bytes.write(from, start, end - start);
            room -= end - start;
        }
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            finish(CloseReason.SERVER_CLOSING);
        }
    }

    @Override
    public void write(byte[] bytes) throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
        onLoop(() -> out.accept(bytes));
    }

    @Override
    public void end(CloseReason why) {
        endedProperly |= finish(why);
    }

    @Override
    public void abort(CloseReason why) {
        finish(why);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return reason;
    }

    private boolean finish(CloseReason why) {
        List<Runnable> actions;
        synchronized (this) {
            if (!open) {
                return false;
            }
            open = false;
            reason = why;
            actions = onClose;
            onClose = List.of();
        }
        actions.forEach(Runnable::run);
        return true;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        synchronized (this) {
            if (open) {
                onClose.add(action);
                return;
            }
        }
        action.run();
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        onLoop(() -> heartbeat = frame);
    }

    @Override
    public Duration heartbeat() {
        return interval;
    }

    /** Sets the interval of the heartbeats, which the test calls for. */
    FakeSink heartbeat(Duration value) {
        interval = value;
        return this;
    }

    void closingFrames(ClosingFrames last) {
        closingFrames = last;
    }

    /** Returns the closing frames, as if the server ended the stream now. */
    String closingFrames() {
        return new String(closingFrames.after(Duration.ofSeconds(1)), StandardCharsets.UTF_8);
    }

    @Override
    public void endAt(Instant time) {
        throw new UnsupportedOperationException("endAt");
    }

    @Override
    public void feed(Feed source) {
        onLoop(() -> feed = source);
    }

    @Override
    public boolean isOnLoop() {
        return onLoop;
    }

    @Override
    public Executor loop() {
        return loop;
    }
}
