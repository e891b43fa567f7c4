package microdot.sse;

import microdot.BodySink;
import microdot.sse.log.EventLog;
import org.jspecify.annotations.Nullable;

/**
 * A cursor in a table with a {@link TableOptions#minInterval}. A change is withheld until that time
 * has passed since the last one. Then it gets the newest change of each row at once, as a cursor
 * that lags does. The withheld entry keeps its place among the other cursors, so that no id at or
 * beyond its position is sent.
 */
final class PacedCursor extends Cursor {
    private static final long NONE = -1;

    private final boolean isOfFormerEnd;
    private boolean started;
    private long last;

    /**
     * The end of what it catches up with, in several batches; {@link #NONE} when it does not. What
     * is put meanwhile may be a row of an earlier batch.
     */
    private volatile long end = NONE;

    /**
     * @param isOfFormerEnd whether its client had an earlier topic of the name; see {@link
     *     EndedCursor}
     */
    PacedCursor(
            BodySink sink,
            boolean filtered,
            TopicState topic,
            long entry,
            long at,
            boolean isOfFormerEnd) {
        super(sink, filtered, topic, entry, at);
        this.isOfFormerEnd = isOfFormerEnd;
    }

    @Override
    long closedAt() {
        return isOfFormerEnd ? topic.endedAt() : super.closedAt();
    }

    /** Returns null when the table was removed, and is perhaps made anew with other options. */
    private @Nullable Pace pace() {
        return topic.log.rows() == null ? null : topic.pace();
    }

    private boolean isDue() {
        return isDue(pace());
    }

    private boolean isDue(@Nullable Pace pace) {
        return !started || end != NONE || pace == null || pace.isDue(last);
    }

    @Override
    long look() {
        long position = super.look();
        EventLog log = topic.log;
        if (position == LAGGED && !isRemoved() && !isDue()) {
            return at() + 1;
        }
        Pace pace = pace();
        boolean unread = position >= 0 && position != CAUGHT_UP && readsLog();
        boolean several = unread && pace != null && log.find(entry() + 1) != null;
        return several && isDue(pace) ? LAGGED : position; // Several may be of one row.
    }

    @Override
    boolean isWithheld() {
        Pace pace = pace();
        if (pace == null || !readsLog() || isDue(pace)) {
            return false;
        }
        pace.wakeFor(last);
        return true;
    }

    @Override
    long put(BodySink.Space space, long until, long idsFrom) {
        if (isTrimmed()) {
            return -1;
        }
        // One entry, because more of them may be of one row.
        long only = readsLog() && pace() != null ? Math.min(until, super.look()) : until;
        return noted(super.put(space, only, idsFrom));
    }

    /** Then the last look found only a lower bound of the position, and the time came since. */
    private boolean isTrimmed() {
        return readsLog() && entry() < topic.log.keptFrom();
    }

    @Override
    long putWith(BodySink.Space space, byte[] idLine, byte[] otherLine) {
        return isTrimmed() ? -1 : noted(super.putWith(space, idLine, otherLine));
    }

    private long noted(long put) {
        if (put >= 0) {
            started = true;
            last = System.nanoTime();
        }
        return put;
    }

    /** On the thread that computes a result, while the cursor waits for it. */
    @Override
    long catchUpTo(long newest) {
        if (end == NONE) {
            end = newest;
        }
        return end;
    }

    @Override
    void resume(CatchUpResult result) {
        super.resume(result);
        if (result.at() >= end) {
            end = NONE;
        }
    }
}
