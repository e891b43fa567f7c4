package microdot.sse;

import microdot.BodySink;
import microdot.sse.log.EventLog;

/**
 * A cursor in a table with a {@link TableOptions#minInterval}. A change is withheld until that time
 * has passed since the last one. Then it gets the newest change of each row at once, as a cursor
 * that lags does. The withheld entry keeps its place among the other cursors, so that no id at or
 * beyond its position is sent.
 */
final class PacedCursor extends Cursor {
    private static final long NONE = -1;

    private final Pace pace;
    private boolean started;
    private long last;

    /**
     * The end of what it catches up with, in several batches; {@link #NONE} when it does not. What
     * is put meanwhile may be a row of an earlier batch.
     */
    private volatile long end = NONE;

    PacedCursor(BodySink sink, boolean filtered, TopicState topic, long entry, long at, Pace pace) {
        super(sink, filtered, topic, entry, at);
        this.pace = pace;
    }

    private boolean isDue() {
        return !started || end != NONE || pace.isDue(last);
    }

    @Override
    long look() {
        long position = super.look();
        EventLog log = topic.log;
        if (position == LAGGED && !isRemoved() && !isDue()) {
            return at() + 1;
        }
        boolean unread = position >= 0 && position != CAUGHT_UP && readsLog();
        // Several entries may be of one row.
        return unread && isDue() && log.find(entry() + 1) != null ? LAGGED : position;
    }

    @Override
    boolean isWithheld() {
        if (!readsLog() || isDue()) {
            return false;
        }
        pace.wakeFor(last);
        return true;
    }

    @Override
    long put(BodySink.Space space, long until, long idsFrom) {
        // One entry, because more of them may be of one row.
        long only = readsLog() ? Math.min(until, super.look()) : until;
        return noted(super.put(space, only, idsFrom));
    }

    @Override
    long putWith(BodySink.Space space, byte[] idLine, byte[] otherLine) {
        return noted(super.putWith(space, idLine, otherLine));
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
