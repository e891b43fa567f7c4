package microdot.sse;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.sse.log.Frame;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * One client that follows topics: a cursor for each topic, merged by position, so that everything
 * the client gets has one order and one id resumes all of it. Confined to the event loop of its
 * connection, except where it says otherwise.
 */
class Follower extends FollowerThreads implements BodySink.Feed, ClosingFrames {
    private static final Duration DISCONNECT_RETRY = Duration.ofSeconds(2);

    private static final byte[] NO_BYTES = {};
    private static final Cursor[] NONE = {};

    /** What is sent last, and why the stream ends. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record LastFrames(byte[] bytes, CloseReason reason) {}

    private final TopicOrder order;
    private final CatchUp catchUp;
    private final @Nullable FollowerFilter filter;
    private Cursor[] cursors = NONE;

    private boolean ended;
    private boolean checkpoints;

    /**
     * The highest position that the client has an id of; 0 when it came with an id. Negative while
     * it has no id: then {@code -1 - sentId} is the position up to which events go out without ids.
     */
    private long sentId;

    private boolean retrySent;
    private @Nullable LastFrames lastFrames;

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
        super(sink);
        this.order = order;
        this.catchUp = catchUp;
        this.filter = filter;
        this.sentId = hasId ? 0 : -1;
    }

    /**
     * Starts delivery. The cursors were fixed before, so that nothing published since is missed.
     *
     * @param idsFrom the position up to which events go to a new client without ids
     */
    void begin(Cursor[] fixed, long idsFrom, StreamClosingFrames closingFrames) {
        cursors = fixed;
        withoutIdsUpTo(idsFrom);
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
                putNotice(noticeOf, space, upTo);
            } else if (next != null && lowest <= upTo) {
                if (next.isUntested()) {
                    if (!Cursor.isAnyWaiting(cursors)) {
                        test(next, Math.min(upTo, second));
                    }
                    return false;
                }
                if (next.isWithheld()) {
                    return false;
                }
                long put = putNext(next, space);
                idSent(put);
                if (put == upTo && sentId >= 0) {
                    // That was the last event of all: no need to look again.
                    return isEnding();
                }
            } else if (sentId < -1 && !isEnding()) {
                // It has everything that goes out without ids: now it can resume.
                byte[] bytes = checkpoint(upTo);
                space.put(bytes, 0, bytes.length);
                sentId = upTo;
            } else {
                return isEnding() && endOfTopics(space, upTo);
            }
        }
        return !ended;
    }

    private void putNotice(Cursor cursor, BodySink.Space space, long upTo) {
        long covered = coveredBy(upTo);
        boolean withId = pendingNotices == 1 && covered >= idsFrom();
        cursor.putNotice(space, withId ? idLine(covered) : NO_BYTES);
        if (withId) {
            sentId = Math.max(sentId, covered);
        }
    }

    /** Puts what the last look found; where the client needs new snapshots, with another id. */
    private long putNext(Cursor cursor, BodySink.Space space) {
        if (lowest > idsFrom() && Cursor.needSnapshots(cursors, lowest)) {
            return cursor.putWith(space, catchUp.ids().idLine(lowest), idLine(lowest));
        }
        return cursor.put(space, second, idsFrom());
    }

    /** Returns the position up to which events go out without ids; -1 when all have theirs. */
    private long idsFrom() {
        return sentId < 0 ? -1 - sentId : -1;
    }

    /** Nothing was put yet: a cursor waits. */
    private void withoutIdsUpTo(long position) {
        if (sentId < 0) {
            sentId = Math.min(sentId, -1 - position);
        }
    }

    private void idSent(long position) {
        if (position > idsFrom()) {
            sentId = Math.max(sentId, position);
        }
    }

    @Override
    public boolean mayWait() {
        for (Cursor cursor : cursors) {
            if (!ended && isToDisconnect(cursor) && cursor.isLagging()) {
                ended = true;
                cursor.topic.disconnected.increment();
                return false;
            }
        }
        return true;
    }

    /** Returns whether a lag ends the stream. One that is sent older events has none. */
    private static boolean isToDisconnect(Cursor cursor) {
        return cursor.topic.options().onSlow() == TopicOptions.OnSlow.DISCONNECT
                && cursor.entry() != CatchUpResult.MORE;
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
                // What runs for another cursor pulls when it is done: then this looks again.
                boolean idle = !Cursor.isAnyWaiting(cursors);
                if (position == Cursor.UNMADE && idle) {
                    CatchUpResult.Notice unmade = cursor.nextNotice();
                    computed(cursor, () -> CatchUp.nextPart(cursor, unmade));
                } else if (position == Cursor.LAGGED && (idle || isToDisconnect(cursor))) {
                    lagged(cursor);
                }
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
     * disconnects in between would reconnect as one that lacks nothing. Not below an id that it
     * has: of a cursor whose next entry is withheld and was trimmed, only a lower bound is known.
     */
    private long coveredBy(long upTo) {
        return Math.max(sentId, Math.min(upTo, lowest - 1));
    }

    /** Returns the id with which a client resumes that has everything up to the position. */
    String id(long position) {
        String id = catchUp.ids().id(position);
        return Cursor.needSnapshots(cursors, position) ? id + "s" : id;
    }

    private byte[] idLine(long position) {
        return Cursor.needSnapshots(cursors, position)
                ? catchUp.ids().idLineBeforeSnapshots(position)
                : catchUp.ids().idLine(position);
    }

    // ---- Cursors that cannot simply read on ----

    /** Lets the filter test the cursor's next entries. */
    private void test(Cursor cursor, long upTo) {
        cursor.awaitFilter();
        filterRun(cursor, FilterSource.entries(cursor, upTo), () -> {}).start();
    }

    /** Applies the topic's policy for followers that lag. */
    private void lagged(Cursor cursor) {
        long start = idsFrom();
        if (cursor.at() < start && cursor.topic.log.latest() != null) {
            computed(cursor, () -> catchUp.newest(cursor, start));
        } else if (cursor.isRemoved()) {
            computed(cursor, () -> catchUp.removed(cursor, this));
        } else if (isToDisconnect(cursor) || (filter != null && cursor.isBeforeTable())) {
            disconnect(cursor); // Of a table too: a filter would not see its snapshot.
        } else {
            computed(cursor, () -> catchUp.slow(cursor, this));
        }
    }

    private void computed(Cursor cursor, Supplier<CatchUpResult> result) {
        cursor.await();
        catchUp(cursor.topic, () -> resume(cursor, result.get(), () -> {}));
    }

    /**
     * Computes results one after another. On a thread that may block, which runs no user code. The
     * cursors wait already. A failure ends the stream.
     *
     * @param topics the names of all topics, for the log
     * @param elsewhere runs the rest on such a thread once a filter has tested a result
     */
    void prepare(
            List<String> topics,
            Queue<Map.Entry<Cursor, Function<Waiter, CatchUpResult>>> left,
            Consumer<Runnable> elsewhere) {
        Runnable rest = () -> elsewhere.accept(() -> prepare(topics, left, elsewhere));
        guarded(
                topics,
                () -> {
                    boolean testing = false;
                    while (!testing && !left.isEmpty()) {
                        var one = left.element(); // It stays while the engine cannot be read.
                        CatchUpResult result = one.getValue().apply(this);
                        left.remove();
                        testing = resume(one.getKey(), result, left.isEmpty() ? () -> {} : rest);
                    }
                });
    }

    /** Lets the cursor continue; returns whether a filter tests the frames first. */
    private boolean resume(Cursor cursor, CatchUpResult result, Runnable then) {
        if (filter == null || result.frames().isEmpty()) {
            onLoop(
                    () -> {
                        withoutIdsUpTo(result.idsFrom());
                        cursor.resume(result);
                        cursor.pull();
                    });
            return false;
        }
        FilterSource source = FilterSource.frames(result);
        Frame placeholder = source.placeholder();
        onLoop(
                () -> {
                    withoutIdsUpTo(result.idsFrom());
                    cursor.begin(result, placeholder);
                    cursor.pull();
                });
        filterRun(cursor, source, then).start();
        return true;
    }

    private FilterRun filterRun(Cursor cursor, FilterSource source, Runnable then) {
        var output = new FilterOutput(cursor, this::onLoop);
        return new FilterRun(
                Objects.requireNonNull(filter), source, output, cursor.topic, catchUp, this, then);
    }

    // ---- The end ----

    private void disconnect(Cursor cursor) {
        byte[] position = checkpointWithoutId();
        cursor.await();
        cursor.topic.disconnected.increment();
        endWith(position, cursor.topic.options().retry(), CloseReason.LAGGED);
    }

    private boolean isEnding() {
        return order.isClosed() || Cursor.endOf(cursors) > 0;
    }

    /** The topics are closed, and the client has everything of them up to the position. */
    private boolean endOfTopics(BodySink.Space space, long upTo) {
        long end = Cursor.endOf(cursors);
        if (end > upTo || (end == 0 && (!order.isClosed() || order.head() > upTo))) {
            return true; // With a head that was read later.
        }
        byte[] last = end > 0 ? catchUp.lastFrames(idLine(end)) : checkpointWithoutId();
        endWith(last, null, CloseReason.TOPIC_CLOSED);
        return putLastFrames(space);
    }

    private void endWith(byte[] position, @Nullable Duration retry, CloseReason reason) {
        ended = true;
        byte[] delay = Retry.about(retry == null ? DISCONNECT_RETRY : retry);
        lastFrames = new LastFrames(StreamClosingFrames.join(position, delay), reason);
    }

    private boolean putLastFrames(BodySink.Space space) {
        LastFrames last = lastFrames;
        if (last != null) {
            lastFrames = null;
            space.put(last.bytes, 0, last.bytes.length);
            onLoop(() -> sink.end(last.reason)); // After this fill, which is still to be written.
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
                        .anyMatch(
                                cursor ->
                                        cursor.isCatchingUp()
                                                || cursor.pendingNotices() > 0
                                                || cursor.isBeforeTable());
        if (sentId >= 0 || pending || cursors.length == 0) {
            return NO_BYTES;
        }
        long position = Arrays.stream(cursors).mapToLong(Cursor::written).min().orElseThrow();
        // Below, the client would resume before events that it did not ask for.
        return position < idsFrom() ? NO_BYTES : checkpoint(position);
    }

    private byte[] checkpoint(long position) {
        return EventEncoder.checkpoint(idLine(position));
    }

    /**
     * Returns the position up to which everything was put, if that is all there is; -1 if it is
     * not, or it has not begun.
     */
    long caughtUpTo() {
        long upTo = order.head();
        if (cursors.length == 0 || !isCaughtUp(upTo)) {
            return -1;
        }
        long end = Cursor.endOf(cursors); // An id beyond the end would be that of a new topic.
        return end > 0 ? Math.min(end, upTo) : upTo;
    }

    private boolean isCaughtUp(long upTo) {
        for (Cursor cursor : cursors) {
            if (!cursor.isCaughtUp(upTo)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns a comment; or the position, where a topic wants checkpoints and the position has
     * risen.
     */
    byte[] heartbeat() {
        long upTo = order.head();
        // At the end, the id of that comes next, and it may be lower.
        if (checkpoints && upTo > Math.max(0, sentId) && isCaughtUp(upTo) && !isEnding()) {
            sentId = upTo;
            return checkpoint(upTo);
        }
        return EventEncoder.HEARTBEAT;
    }
}
