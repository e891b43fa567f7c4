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
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/** A connection without a socket: the test says what it takes and when it breaks. */
final class FakeSink implements BodySink {
    private final Executor loop;
    private final Consumer<byte[]> out;
    private List<Runnable> onClose = new ArrayList<>();
    private volatile boolean open = true;
    private volatile boolean endedProperly;
    private volatile int room = 64 << 10;

    // Of the loop alone.
    private @Nullable Feed feed;
    private @Nullable Supplier<byte[]> heartbeat;
    private long window = Long.MAX_VALUE;
    private boolean full;
    private boolean failing;
    private volatile boolean onLoop;
    private volatile Function<Duration, byte[]> closingFrames = time -> new byte[0];

    /**
     * @param out gets the bytes of each turn, on the loop
     */
    FakeSink(Executor loop, Consumer<byte[]> out) {
        this.loop = loop;
        this.out = out;
    }

    /** Bytes that one turn may put. */
    FakeSink room(int bytes) {
        room = bytes;
        return this;
    }

    /** Is called as by its event loop, which must not wait. */
    FakeSink onLoop() {
        onLoop = true;
        return this;
    }

    /** Takes nothing from now on. */
    FakeSink stall() {
        return takeOnly(0);
    }

    /** Takes so many bytes more, rounded up to whole turns, and then nothing. */
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

    /** The client goes. */
    void cut() {
        finish();
    }

    void failNextTurn() {
        failing = true;
    }

    void heartbeatNow() {
        Supplier<byte[]> frame = heartbeat;
        if (frame != null && !full && open) {
            out.accept(frame.get());
        }
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
            throw new IllegalStateException("refused by the test");
        }
        var turn = new Turn(room);
        boolean more = source.fill(turn);
        byte[] bytes = turn.bytes.toByteArray();
        if (bytes.length > 0) {
            window -= bytes.length;
            full = window <= 0;
            out.accept(bytes);
        }
        if (more && !full) {
            onLoop(this::pull);
        }
    }

    private static final class Turn implements Space {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int room;

        Turn(int room) {
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
            finish();
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
    public void end() {
        endedProperly |= finish();
    }

    @Override
    public void abort() {
        finish();
    }

    private boolean finish() {
        List<Runnable> actions;
        synchronized (this) {
            if (!open) {
                return false;
            }
            open = false;
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
    public void closingFrames(Function<Duration, byte[]> last) {
        closingFrames = last;
    }

    /** What would be said last, were the stream ended now. */
    String closingFrames() {
        return new String(closingFrames.apply(Duration.ofSeconds(1)), StandardCharsets.UTF_8);
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
