package microdot.sse;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * Where one follower stands in one log. It holds numbers, and only now and then frames that are for
 * it alone: a gap, a snapshot, what a filter let through. Of the follower's event loop alone.
 */
final class Cursor {
    static final long NOTHING = Long.MAX_VALUE;

    final Follower follower;
    final EventLog log;

    /** Its place in the audience's list. */
    int index;

    private @Nullable Audience audience;

    private long entry;
    private long at;
    private boolean waiting;
    private @Nullable Queue<Frame> own;

    /** Stands ahead of an entry, all up to the position being delivered or told. */
    Cursor(Follower follower, EventLog log, long entry, long at) {
        this.follower = follower;
        this.log = log;
        this.entry = entry;
        this.at = at;
    }

    /** The number of the entry that it reads next. */
    long entry() {
        return entry;
    }

    /** The position up to which everything of this topic was delivered or told. */
    long at() {
        return at;
    }

    /** Under the lock of the topics: who will wake it. */
    void audience(Audience chosen) {
        audience = chosen;
    }

    void join() {
        if (audience != null) {
            audience.add(this);
        }
    }

    void leave() {
        if (audience != null) {
            audience.remove(this);
        }
    }

    void pull() {
        follower.pull();
    }

    /** Whether it waits for what is prepared for it elsewhere. */
    boolean isWaiting() {
        return waiting;
    }

    /** Nothing is delivered until {@link #resume}. */
    void await() {
        waiting = true;
    }

    /** Goes on with frames of its own, and then from an entry. */
    void resume(List<Frame> frames, long entry, long at) {
        waiting = false;
        this.entry = entry;
        this.at = at;
        if (!frames.isEmpty()) {
            own = new ArrayDeque<>(frames);
        }
    }

    /** The position of what comes next, or {@link #NOTHING}. A lagging cursor starts to wait. */
    long nextPosition() {
        while (!waiting) {
            Frame frame = own == null ? null : own.peek();
            if (frame != null) {
                return frame.position();
            }
            if (entry < log.keptFrom()) {
                follower.lagged(this);
                continue;
            }
            Segment segment = log.find(entry);
            if (segment != null && follower.isFiltered()) {
                follower.sift(this);
            } else if (segment != null) {
                return segment.position((int) (entry - segment.first));
            } else if (entry >= log.keptFrom()) {
                return NOTHING;
            }
        }
        return NOTHING;
    }

    /**
     * Puts what comes next, as one run as far as the position, the segment and the room allow, but
     * one event at least.
     */
    void put(BodySink.Space space, long until) {
        Queue<Frame> frames = own;
        if (frames != null) {
            Frame frame = frames.remove();
            own = frames.isEmpty() ? null : frames;
            at = Math.max(at, frame.position());
            space.put(frame.bytes(), frame.from(), frame.to());
            return;
        }
        Segment segment = log.find(entry);
        if (segment == null) {
            return; // Trimmed since it was looked at; the next look finds that it lags.
        }
        int first = (int) (entry - segment.first);
        int count = segment.count();
        int from = segment.start(first);
        int limit = from + space.room();
        int end = first + 1;
        while (end < count && segment.end(end) <= limit && segment.position(end) <= until) {
            end++;
        }
        space.put(segment.bytes, from, segment.end(end - 1));
        at = segment.position(end - 1);
        entry += end - first;
        log.delivered.add(end - first);
    }
}
