package microdot.testing;

import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import microdot.Body;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.Outcome;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a {@link TestStream}. No clock of the machine runs here: a heartbeat, and the
 * end at a time, happen when the test calls for them or lets time pass.
 */
final class StreamSink implements BodySink {
    private static final Logger LOG = System.getLogger("microdot.testing");

    private static final int MAX_BEATS = 10_000;

    private final StreamBuffer buffer;
    private final CloseActions closeActions = new CloseActions();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final AtomicReference<Instant> endAt = new AtomicReference<>(Instant.MAX);
    private final VirtualClock clock;
    private final ServerOptions options;
    private final Duration opened;
    private volatile Duration quietSince; // In the time of the clock.
    private volatile boolean fed;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong events = new AtomicLong();
    private volatile @Nullable CloseReason reason;
    private volatile @Nullable Throwable failure;

    // Confined to the loop.
    private @Nullable Feed feed;
    private @Nullable Supplier<byte[]> heartbeat;
    private ClosingFrames closingFrames = ClosingFrames.NONE;

    /**
     * A connection of a server with these options.
     *
     * @param paused whether the client does not read yet
     */
    StreamSink(Received client, boolean paused, VirtualClock clock, ServerOptions options) {
        this.buffer = new StreamBuffer(client, paused);
        this.clock = clock;
        this.options = options;
        this.opened = clock.elapsed();
        this.quietSince = opened;
    }

    /** Runs the body's writer on the handler's thread, as a server does. */
    void run(Body.Stream body) {
        Loop.EXECUTOR.execute(() -> closingFrames = body.closingFrames());
        try {
            body.writer().writeTo(this);
            if (!fed) {
                end();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "the writer of a streamed body failed", e);
            failed(e);
            abort(CloseReason.HANDLER_FAILED);
        }
    }

    // ---- Called by the writer ----

    @Override
    public void write(byte[] written) throws ClosedChannelException, InterruptedException {
        write(written, 0);
    }

    @Override
    public void writeEvent(byte[] written) throws ClosedChannelException, InterruptedException {
        write(written, 1);
    }

    private void write(byte[] written, int ofEvents)
            throws ClosedChannelException, InterruptedException {
        buffer.write(
                written,
                () -> {
                    bytes.addAndGet(written.length);
                    events.addAndGet(ofEvents);
                    quietSince = clock.elapsed(); // Before a test can let time pass.
                });
        begun.countDown();
    }

    @Override
    public void end(CloseReason why) {
        closed(buffer.end(), why);
    }

    @Override
    public void abort(CloseReason why) {
        closed(buffer.abort(), why);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return reason;
    }

    private void closed(boolean first, CloseReason why) {
        if (first) {
            reason = why;
            begun.countDown();
            closeActions.run();
        }
    }

    @Override
    public void delivered(int more) {
        events.addAndGet(more);
    }

    @Override
    public void failed(Throwable cause) {
        failure = cause;
    }

    /** Returns what became of the stream, after its end. */
    Outcome outcome(int status, long begun) {
        Duration duration = Duration.ofNanos(System.nanoTime() - begun);
        return new Outcome(status, bytes.get(), events.get(), duration, reason, failure);
    }

    @Override
    public boolean isOpen() {
        return buffer.isOpen();
    }

    @Override
    public void onClose(Runnable action) {
        closeActions.add(action);
        begun.countDown();
    }

    @Override
    public void afterClose(Runnable action) {
        closeActions.addBlocking(action);
        begun.countDown();
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        Loop.EXECUTOR.execute(() -> heartbeat = frame);
    }

    @Override
    public Duration heartbeat() {
        return options.heartbeat();
    }

    @Override
    public void endAt(Instant time) {
        endAt.accumulateAndGet(time, (one, other) -> one.isBefore(other) ? one : other);
    }

    // ---- Called by the feed ----

    @Override
    public void feed(Feed source) {
        fed = true;
        Loop.EXECUTOR.execute(() -> feed = source);
    }

    @Override
    public Executor loop() {
        return Loop.EXECUTOR;
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source != null && buffer.isDrained() && fill(source)) {
            Loop.EXECUTOR.execute(this::pull);
        }
    }

    private boolean fill(Feed source) {
        try {
            var slice = new Slice();
            boolean more = source.fill(slice);
            slice.offer(); // Not before the source has counted its events.
            return more;
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the feed of a streamed body failed", e);
            abort();
            return false;
        }
    }

    private final class Slice implements Space {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public int room() {
            return SLICE_BYTES - bytes.size();
        }

        @Override
        public void put(byte[] source, int from, int to) {
            bytes.write(source, from, to - from);
        }

        void offer() {
            if (bytes.size() > 0) {
                StreamSink.this.offer(bytes.toByteArray());
            }
        }
    }

    private void offer(byte[] more) {
        bytes.addAndGet(more.length);
        quietSince = clock.elapsed();
        buffer.offer(more);
        begun.countDown();
    }

    // ---- Called by the test ----

    /**
     * Waits until the writer has registered a close action or has written. Before that, the stream
     * has no heartbeat yet.
     */
    void awaitBegun(Duration time) throws InterruptedException {
        // A writer that takes longer is found by the call that needs what it sets up.
        boolean ignored = begun.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    void pause(boolean value) {
        buffer.pause(value);
        Loop.EXECUTOR.execute(this::pull);
    }

    /** Returns whether a write blocked within the time. */
    boolean awaitBlocked(Duration time) throws InterruptedException {
        return buffer.awaitBlocked(time);
    }

    void heartbeatNow() {
        Loop.call(this::heartbeatOnLoop);
    }

    private void heartbeatOnLoop() {
        // A stream with unread bytes is not idle.
        if (heartbeat != null && buffer.isDrained()) {
            offer(heartbeat.get());
        }
    }

    /** Whether a feed writes the stream: no code of the application ends it then. */
    boolean isFed() {
        return fed;
    }

    /** Does what a server does in the time that has passed: heartbeats, and the end. */
    void timePassed(Duration reconnectDelay) {
        Loop.call(
                () -> {
                    Duration now = clock.elapsed();
                    Duration end = endInTimeOfClock();
                    boolean over = end.compareTo(now) <= 0;
                    beat(over ? end : now);
                    if (over) {
                        endWithRetry(reconnectDelay, CloseReason.DEADLINE);
                    }
                });
    }

    private Duration endInTimeOfClock() {
        Instant now = clock.now();
        Duration atTime = clock.elapsed().plus(Duration.between(now, endAt.get()));
        Duration age = options.maxStreamAge();
        Duration aged = age.isZero() ? atTime : opened.plus(age);
        return aged.compareTo(atTime) < 0 ? aged : atTime;
    }

    private void beat(Duration until) {
        Duration pause = options.heartbeat();
        Duration at = quietSince.plus(pause);
        for (int i = 0; i < MAX_BEATS && isIdle() && at.compareTo(until) <= 0; i++) {
            heartbeatOnLoop();
            quietSince = at;
            at = at.plus(pause);
        }
    }

    private boolean isIdle() {
        return !options.heartbeat().isZero() && heartbeat != null && buffer.isDrained();
    }

    /** Ends the stream as a server does, if its time has come. */
    void advanceTo(Instant now, Duration reconnectDelay) {
        if (!endAt.get().isAfter(now)) {
            closeWithRetry(reconnectDelay, CloseReason.DEADLINE);
        }
    }

    void closeWithRetry(Duration reconnectDelay, CloseReason why) {
        Loop.call(() -> endWithRetry(reconnectDelay, why));
    }

    private void endWithRetry(Duration reconnectDelay, CloseReason why) {
        offer(closingFrames.after(reconnectDelay));
        end(why);
    }

    void disconnect() {
        closed(buffer.disconnect(), CloseReason.CLIENT_CLOSED);
    }

    /** Returns whether every close action finished within the time. */
    boolean awaitCloseActions(Duration time) throws InterruptedException {
        return closeActions.awaitFinished(time);
    }
}
