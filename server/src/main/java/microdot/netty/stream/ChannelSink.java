package microdot.netty.stream;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.ClosingFrames;
import org.jspecify.annotations.Nullable;

/**
 * The body of one stream on a Netty channel. Any thread may write: the bytes wait in the {@link
 * WriteBacklog} until the event loop takes all of them, frames them together, and sends them once.
 * A feed is asked for bytes on the event loop, slice by slice. The subclasses bring both to the
 * socket: {@link SocketSink} for a stream that is alone on its connection, {@link FrameSink} for
 * one of many.
 *
 * <p>They are subclasses and not parts, so that a delivery touches one object for each follower
 * (why: docs/decisions/0009-how-a-delivery-became-cheap.md, "Cold connections"). Everything that
 * touches the channel runs on its event loop.
 */
public abstract class ChannelSink implements BodySink {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final AtomicReferenceFieldUpdater<ChannelSink, @Nullable WriteBacklog> BACKLOG =
            AtomicReferenceFieldUpdater.newUpdater(
                    ChannelSink.class, WriteBacklog.class, "backlog");

    final LoopStreams streams;
    private final ClosingFrames closingFrames;
    private final CloseActions closeActions = new CloseActions();
    private volatile boolean open = true;

    // Set by the writer when it begins and only read on the loop, so that no task is needed.
    private volatile @Nullable Supplier<byte[]> heartbeat;
    private volatile @Nullable Feed feed;

    /** Made by the first {@link #write}: a topic's stream never has one. */
    private volatile @Nullable WriteBacklog backlog;

    /** Confined to the event loop. */
    private Instant endAt = Instant.MAX;

    /** As {@link System#nanoTime} gives it, when {@link #ends}. Confined to the event loop. */
    private long endBy;

    private boolean ends;

    private @Nullable StreamCount count; // Null unless the stream is observed.

    ChannelSink(ClosingFrames closingFrames, LoopStreams streams) {
        this.streams = streams;
        this.closingFrames = closingFrames;
    }

    // ---- The way to the socket; on the event loop except drop ----

    /**
     * Returns how many bytes a feed may give now. If it is 0, the client must read first, and this
     * object pulls when it has.
     */
    abstract int room();

    /** Frames and sends the parts; returns whether the socket took everything at once. */
    abstract boolean send(Collection<byte[]> parts, long size);

    /**
     * Sends what the feed put into the shared chunk of this loop, for which there was this room.
     */
    abstract void sendShared(int room);

    /** Sends what this stream has in a batch, before anything else is written. */
    abstract void flushBatch();

    /** Runs the action when the socket has taken everything written before, or never will. */
    abstract void whenFlushed(Runnable action);

    /** Returns whether the feed must wait until the client has read. */
    abstract boolean hasBackpressure();

    /** Returns whether the socket has not yet taken something. */
    abstract boolean isWriting();

    /** Returns whether bytes may wait that the socket has not taken; false if none do. */
    public abstract boolean mayWait();

    /** Returns when bytes were last handed to the socket, from {@link System#nanoTime}. */
    public abstract long lastWrite();

    /** Ends the body after the last byte. */
    abstract void sendEnd();

    /** Ends the stream without the end of its body. */
    abstract void disconnect();

    /**
     * Drops everything from now on. From any thread. A stream whose client left before the head was
     * sent must not write.
     */
    abstract void drop();

    /** Returns the client's address, for the log. */
    abstract Object client();

    // ---- Counting ----

    /** Counts from now on. Call it before the stream begins. */
    public final void count(StreamCount observed) {
        count = observed;
    }

    final @Nullable StreamCount count() {
        return count;
    }

    final void counted(long bytes) {
        StreamCount observed = count;
        if (observed != null) {
            observed.addBytes(bytes);
        }
    }

    // ---- Writing ----

    @Override
    public void write(byte[] bytes) throws ClosedChannelException, InterruptedException {
        write(bytes, null);
    }

    @Override
    public void writeEvent(byte[] bytes) throws ClosedChannelException, InterruptedException {
        write(bytes, count());
    }

    private void write(byte[] bytes, @Nullable StreamCount observed)
            throws ClosedChannelException, InterruptedException {
        if (isOnLoop()) {
            throw new IllegalStateException(
                    "write on an event loop (expected: a thread that may block)");
        }
        try {
            if (backlog().add(bytes, observed)) {
                onLoop(this::drain);
            }
        } catch (ClosedChannelException e) {
            // Run the close actions before throwing, so that the handler is marked as cancelled
            // first. Else it would look like a handler that failed by itself.
            closeActions.awaitRun();
            throw e;
        }
    }

    private WriteBacklog backlog() {
        WriteBacklog made = backlog;
        return made == null ? makeBacklog() : made;
    }

    private WriteBacklog makeBacklog() {
        var own = new WriteBacklog(streams.streamBuffer, streams.memory().server());
        WriteBacklog made = BACKLOG.compareAndSet(this, null, own) ? own : backlog();
        if (!open) {
            made.close(); // The thread that ended the stream may not have seen the backlog.
        }
        return made;
    }

    private void drain() {
        WriteBacklog source = backlog;
        WriteBacklog.Taken taken = source == null ? null : source.take();
        if (source == null || taken == null) {
            return;
        }
        long size = taken.size(); // Until it is flushed, only the size is needed.
        if (send(taken.parts(), size)) {
            source.flushed(size);
        } else {
            whenFlushed(() -> source.flushed(size));
        }
    }

    private void send(byte[] bytes) {
        send(Collections.singleton(bytes), bytes.length);
    }

    @Override
    public void delivered(int events) {
        StreamCount observed = count();
        if (observed != null) {
            observed.addEvents(events);
        }
    }

    @Override
    public void failed(Throwable failure) {
        StreamCount observed = count();
        if (observed != null) {
            observed.failed(failure);
        }
    }

    // ---- The feed ----

    @Override
    public void feed(Feed source) {
        feed = source;
    }

    /** Returns whether the body continues after its writer has returned. */
    public boolean isFed() {
        return feed != null;
    }

    @Override
    public void pull() {
        flushBatch();
        Feed source = feed;
        int room = source == null || !open ? 0 : room();
        if (source == null || room == 0) {
            return;
        }
        boolean more = fillAndSend(source, room);
        if (more && !hasBackpressure()) {
            onLoop(this::pull); // At the end of the queue: the loop's other streams come first.
        }
    }

    private boolean fillAndSend(Feed source, int room) {
        try {
            streams.chunk.begin(room);
            boolean more = fill(source);
            sendShared(room);
            return more;
        } catch (VirtualMachineError e) {
            streams.failed.accept(e);
            throw e; // The caller ends the stream.
        }
    }

    /** A feed that fails ends only its own stream. */
    private boolean fill(Feed source) {
        try {
            return source.fill(streams.chunk);
        } catch (RuntimeException | Error e) {
            streams.failed.accept(e);
            LOG.log(
                    Level.ERROR,
                    () -> "the feed of the stream to " + client() + " failed; it is disconnected",
                    e);
            abort();
            return false;
        }
    }

    @Override
    public Executor loop() {
        return streams.loop;
    }

    @Override
    public boolean isOnLoop() {
        return streams.loop.inEventLoop();
    }

    // ---- Time ----

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        heartbeat = frame;
    }

    @Override
    public Duration heartbeat() {
        return Duration.ofNanos(streams.heartbeat);
    }

    @Override
    public void endAt(Instant time) {
        onLoop(() -> endAt = time.isBefore(endAt) ? time : endAt);
    }

    /**
     * Ends the stream as {@link #endAt} does, but at a time of {@link System#nanoTime}, which a
     * jump of the wall clock does not move.
     */
    public void endBy(long time) {
        onLoop(
                () -> {
                    endBy = ends && endBy - time < 0 ? endBy : time;
                    ends = true;
                });
    }

    /** Ends the stream if its time has come, or sends a heartbeat if one is due. On the loop. */
    public void tick(long now) {
        boolean isOver = ends && now - endBy >= 0;
        if (isOver || (!endAt.equals(Instant.MAX) && !Instant.now().isBefore(endAt))) {
            closeWithRetry(CloseReason.DEADLINE);
            return;
        }
        Feed source = feed;
        if (source != null && hasBackpressure() && open && !source.mayWait()) {
            abort(CloseReason.LAGGED);
            return;
        }
        Supplier<byte[]> frame = heartbeat;
        if (frame != null && isHeartbeatDue(now) && open && isIdle()) {
            // Asked for only now: the frame may carry the client's position, which must not be
            // lost.
            send(frame.get());
        }
    }

    private boolean isHeartbeatDue(long now) {
        long after = streams.heartbeat;
        return after > 0 && !hasBackpressure() && now - lastWrite() >= after;
    }

    private boolean isIdle() {
        WriteBacklog waiting = backlog;
        return !isWriting() && (waiting == null || waiting.isEmpty());
    }

    // ---- The end ----

    /**
     * Ends the stream because the server wants to: sends the closing frames, which name the time
     * after which the client should reconnect. That time is taken only if they are sent. On the
     * event loop.
     */
    public void closeWithRetry(CloseReason reason) {
        if (finish(reason)) {
            guarded(
                    () -> {
                        drain();
                        send(closingFrames.after(streams.reconnectDelay.get()));
                        writeEnd();
                    });
        }
    }

    @Override
    public void end(CloseReason reason) {
        if (finish(reason)) {
            onLoop(this::writeEnd);
        }
    }

    private void writeEnd() {
        drain();
        sendEnd();
    }

    @Override
    public void abort(CloseReason reason) {
        if (finish(reason)) {
            onLoop(this::disconnect);
        }
    }

    /**
     * Disconnects the client because the memory of the server is used up. From any thread; the
     * connection is closed by a later task.
     */
    final void overBudget() {
        abort(CloseReason.OVER_BUDGET);
    }

    /** Runs the action on the event loop when the client is disconnected, after the last byte. */
    public abstract void whenDisconnected(Runnable action);

    /** Ends the stream because its client has left, perhaps before the head was sent. */
    public void disconnected() {
        disconnected(CloseReason.CLIENT_CLOSED);
    }

    final void disconnected(CloseReason reason) {
        drop();
        finish(reason);
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return closeActions.reason();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        closeActions.add(action);
    }

    @Override
    public void afterClose(Runnable action) {
        onClose(() -> streams.afterClose.execute(action));
    }

    /** Returns whether this call ended the stream. */
    private boolean finish(CloseReason reason) {
        if (!closeActions.end(reason)) {
            return false;
        }
        open = false;
        streams.ended.increment(reason);
        WriteBacklog waiting = backlog;
        if (waiting != null) {
            // Before the interrupt: a blocked writer must see that the stream has ended.
            waiting.close();
        }
        closeActions.run();
        return true;
    }

    // ---- The event loop ----

    /**
     * Closes the connection if the action fails, because bytes may be lost: the client reconnects
     * and resumes after its last event.
     */
    final void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            streams.failed.accept(e);
            LOG.log(
                    Level.ERROR,
                    () -> "the stream to " + client() + " failed; it is disconnected",
                    e);
            finish(CloseReason.FAILED);
            disconnect();
        }
    }

    final void onLoop(Runnable task) {
        try {
            streams.loop.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            drop(); // The server has stopped, and closes every connection.
            finish(CloseReason.SERVER_CLOSING);
        }
    }
}
