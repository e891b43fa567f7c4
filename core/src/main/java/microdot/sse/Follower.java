package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.ClosingFrames;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * One client that follows topics: a cursor for each topic, merged by position, so that everything
 * the client gets has one order and one id resumes all of it. Confined to the event loop of its
 * connection, except where it says otherwise.
 */
final class Follower implements BodySink.Feed, ClosingFrames {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final Duration DISCONNECT_RETRY = Duration.ofSeconds(2);

    private static final byte[] NO_BYTES = {};
    private static final Cursor[] NONE = {};

    private final TopicOrder order;
    private final CatchUp catchUp;
    private final BodySink sink;
    private final @Nullable FollowerFilter filter;
    private Cursor[] cursors = NONE;
    private boolean ended;
    private boolean checkpoints;

    /** Whether the client has an id to reconnect with. */
    private boolean hasId;

    private boolean retrySent;
    private byte @Nullable [] lastFrames;

    /** The position of the last checkpoint. */
    private long checkpoint;

    // What the last look found: the cursor with the lowest position, that position, the lowest of
    // the other cursors' positions, and the notices that come first.
    private @Nullable Cursor next;
    private long lowest;
    private long second;
    private @Nullable Cursor noticeOf;
    private int pendingNotices;

    /**
     * @param hasId whether the client came with an id
     */
    Follower(
            TopicOrder order,
            CatchUp catchUp,
            BodySink sink,
            @Nullable FollowerFilter filter,
            boolean hasId) {
        this.order = order;
        this.catchUp = catchUp;
        this.sink = sink;
        this.filter = filter;
        this.hasId = hasId;
    }

    /**
     * Starts delivery. The cursors were fixed before, so that nothing published since is missed.
     */
    void begin(Cursor[] fixed, StreamClosingFrames closingFrames) {
        cursors = fixed;
        for (Cursor cursor : fixed) {
            checkpoints |= cursor.topic.options().checkpoints();
            cursor.join();
        }
        closingFrames.delivering(this);
        fixed[0].pull();
    }

    /** The stream has ended. */
    void leave() {
        ended = true;
        for (Cursor cursor : cursors) {
            cursor.leave();
        }
        cursors = NONE;
    }

    @Override
    public boolean fill(BodySink.Space space) {
        if (!retrySent && cursors.length > 0) {
            retrySent = true;
            putRetry(space);
        }
        long upTo = order.head();
        while (space.room() > 0 && !ended) {
            if (!look(upTo)) {
                return putLastFrames(space);
            }
            if (noticeOf != null) {
                boolean last = pendingNotices == 1;
                noticeOf.putNotice(space, last ? order.epoch().idLine(coveredBy(upTo)) : NO_BYTES);
                hasId |= last;
            } else if (next != null && lowest <= upTo) {
                long put = next.put(space, second);
                hasId |= put >= 0;
                if (put == upTo) {
                    return false; // That was the last event of all: no need to look again.
                }
            } else {
                return false;
            }
        }
        return !ended;
    }

    /** Puts the reconnect delay of the first topic that sets one, before everything else. */
    private void putRetry(BodySink.Space space) {
        for (Cursor cursor : cursors) {
            Duration delay = cursor.topic.options().retry();
            if (delay != null) {
                byte[] bytes = Retry.in(delay);
                space.put(bytes, 0, bytes.length);
                return;
            }
        }
    }

    /**
     * Looks at all cursors. Returns false while one waits: what it gets belongs before what the
     * others have, because an id of theirs would claim that it was delivered.
     */
    private boolean look(long upTo) {
        next = null;
        noticeOf = null;
        pendingNotices = 0;
        lowest = Cursor.CAUGHT_UP;
        second = upTo;
        for (Cursor cursor : cursors) {
            long position = cursor.look();
            if (position < 0) {
                prepareNext(cursor, position);
                return false;
            }
            int notices = cursor.pendingNotices();
            if (notices > 0) {
                noticeOf = noticeOf == null ? cursor : noticeOf;
                pendingNotices += notices;
            }
            if (position < lowest) {
                second = Math.min(second, lowest);
                lowest = position;
                next = cursor;
            } else {
                second = Math.min(second, position);
            }
        }
        return true;
    }

    /**
     * Returns the position up to which the client has everything of every topic once all notices
     * are put. It is the id of the last notice, and of no other: with an earlier id, a client that
     * disconnects in between would reconnect as one that lacks nothing.
     */
    private long coveredBy(long upTo) {
        return Math.min(upTo, lowest - 1);
    }

    // ---- Cursors that cannot simply read on ----

    private void prepareNext(Cursor cursor, long why) {
        if (why == Cursor.LAGGED) {
            lagged(cursor);
        } else if (why == Cursor.TO_FILTER && filter != null) {
            FollowerFilter tests = filter;
            long upTo = order.head();
            prepare(cursor, true, () -> tests.next(cursor, upTo));
        }
    }

    /** Applies the topic's policy for followers that lag. */
    private void lagged(Cursor cursor) {
        if (cursor.topic.options().onSlow() == TopicOptions.OnSlow.DISCONNECT) {
            disconnect(cursor);
        } else {
            prepare(cursor, mayRunUserCode(cursor), () -> filtered(catchUp.slow(cursor)));
        }
    }

    /** Computes the result on another thread, while the cursor waits. */
    private void prepare(Cursor cursor, boolean userCode, Supplier<CatchUpResult> preparation) {
        cursor.await();
        Runnable task = () -> resume(cursor, preparation.get());
        if (userCode) {
            onThread(task);
        } else {
            onFrameworkThread(task);
        }
    }

    /** Returns whether a filter or a snapshot of the application may run for the cursor. */
    boolean mayRunUserCode(Cursor cursor) {
        return filter != null || cursor.topic.snapshots() != null;
    }

    /**
     * Computes the result on this thread, which may block. The cursor waits already.
     *
     * @param preparation may run user code; a failure ends the stream
     */
    void prepareNow(Cursor cursor, Supplier<CatchUpResult> preparation) {
        guarded(() -> resume(cursor, filtered(preparation.get())));
    }

    private void resume(Cursor cursor, CatchUpResult result) {
        onLoop(
                () -> {
                    cursor.resume(result);
                    cursor.pull();
                });
    }

    private CatchUpResult filtered(CatchUpResult result) {
        return filter == null ? result : filter.filter(result);
    }

    /**
     * Runs code of the application on its own thread, which may block. A failure ends the stream.
     */
    void onThread(Runnable task) {
        Thread.ofVirtual().name("microdot-topics").start(() -> guarded(task));
    }

    /** Runs the task, which runs no code of the application, on a thread that may block. */
    void onFrameworkThread(Runnable task) {
        FrameworkThreads.EXECUTOR.execute(() -> guarded(task));
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.ERROR,
                    "a follower's filter or its topic's snapshot failed; its connection was closed",
                    e);
            sink.abort();
        }
    }

    /** From any thread. */
    void onLoop(Runnable task) {
        try {
            sink.loop().execute(task);
        } catch (RejectedExecutionException e) {
            sink.abort(); // The server has stopped.
        }
    }

    // ---- The end ----

    private void disconnect(Cursor cursor) {
        ended = true;
        byte[] position = checkpointWithoutId();
        cursor.await();
        cursor.topic.disconnected.increment();
        Duration retry = cursor.topic.options().retry();
        lastFrames =
                StreamClosingFrames.join(
                        position, Retry.about(retry == null ? DISCONNECT_RETRY : retry));
    }

    private boolean putLastFrames(BodySink.Space space) {
        byte[] bytes = lastFrames;
        if (bytes != null) {
            lastFrames = null;
            space.put(bytes, 0, bytes.length);
            onLoop(sink::end); // After this fill, which is still to be written.
        }
        return false;
    }

    /** The closing frames once delivery has started. */
    @Override
    public byte[] after(Duration reconnectDelay) {
        return StreamClosingFrames.join(checkpointWithoutId(), Retry.in(reconnectDelay));
    }

    /**
     * The position of a client that has no id yet, as a checkpoint: without it the client would
     * reconnect as a new one and never learn what it missed. Empty while a snapshot or a gap is
     * still pending, because the client would reconnect as one that has it.
     */
    private byte[] checkpointWithoutId() {
        boolean pending =
                Arrays.stream(cursors)
                        .anyMatch(cursor -> cursor.isWaiting() || cursor.pendingNotices() > 0);
        return hasId || pending || cursors.length == 0
                ? NO_BYTES
                : checkpoint(Arrays.stream(cursors).mapToLong(Cursor::written).min().orElseThrow());
    }

    private byte[] checkpoint(long position) {
        return EventEncoder.checkpoint(order.epoch().idLine(position));
    }

    /**
     * Returns a comment; or the position, where a topic wants checkpoints and the position has
     * risen.
     */
    byte[] heartbeat() {
        long upTo = order.head();
        if (checkpoints
                && upTo > checkpoint
                && Arrays.stream(cursors).allMatch(cursor -> cursor.isCaughtUp(upTo))) {
            checkpoint = upTo;
            return checkpoint(upTo);
        }
        return EventEncoder.HEARTBEAT;
    }
}
