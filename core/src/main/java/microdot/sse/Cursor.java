package microdot.sse;

import java.util.ArrayDeque;
import java.util.Objects;
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

    private @Nullable LoopReaders audience;

    private long entry;
    private long at;
    private boolean waiting;
    private @Nullable Queue<Ahead> ahead;
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

    /** The position up to which nothing is left that waits to be put, or is yet to be read. */
    long given() {
        Frame frame = own == null ? null : own.peek();
        return frame == null ? at : Math.min(at, frame.position() - 1);
    }

    /** Under the lock of the topics: who will wake it. */
    void audience(LoopReaders chosen) {
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

    /** From any thread, once, when the stream has ended. */
    void depart() {
        if (audience != null) {
            audience.members.decrementAndGet();
        }
        log.unfollow();
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

    void resume(CatchUpResult prepared) {
        waiting = false;
        entry = prepared.entry();
        at = prepared.at();
        ahead = prepared.ahead().isEmpty() ? null : new ArrayDeque<>(prepared.ahead());
        own = prepared.frames().isEmpty() ? null : new ArrayDeque<>(prepared.frames());
    }

    /** How much it has to tell ahead of everything else. */
    int owes() {
        return ahead == null ? 0 : ahead.size();
    }

    /** Whether there is nothing for it up to the position, and nothing lost. Changes nothing. */
    boolean isCaughtUp(long upTo) {
        if (waiting || ahead != null || own != null) {
            return false;
        }
        Segment segment = log.find(entry);
        return segment == null
                ? entry >= log.keptFrom()
                : segment.position((int) (entry - segment.first)) > upTo;
    }

    /**
     * The position of what comes next, or {@link #NOTHING}; no higher, in any case, than the one
     * behind what it owes. A lagging cursor starts to wait.
     */
    long nextPosition() {
        while (!waiting) {
            Queue<Ahead> debts = ahead;
            Frame frame = own == null ? null : own.peek();
            if (debts != null) {
                long behind = debts.element().upTo() + 1;
                return frame == null ? behind : Math.min(behind, frame.position());
            }
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

    /** Puts the first of what it owes, with an id when there is a line for one. */
    void tell(BodySink.Space space, byte[] idLine) {
        Queue<Ahead> debts = Objects.requireNonNull(ahead);
        Ahead first = debts.remove();
        ahead = debts.isEmpty() ? null : debts;
        put(space, first.event().head());
        put(space, idLine);
        put(space, first.event().rest());
        log.missed.add(first.missed());
    }

    private static void put(BodySink.Space space, byte[] bytes) {
        space.put(bytes, 0, bytes.length);
    }

    /**
     * Puts what comes next, as one run as far as the position, the segment and the room allow, but
     * one event at least. Gives the position of the last that it put, or -1.
     */
    long put(BodySink.Space space, long until) {
        Queue<Frame> frames = own;
        if (frames == null) {
            return putEntries(space, until);
        }
        Frame frame = frames.remove();
        own = frames.isEmpty() ? null : frames;
        at = Math.max(at, frame.position());
        space.put(frame.bytes(), frame.from(), frame.to());
        log.delivered.increment();
        return frame.position();
    }

    private long putEntries(BodySink.Space space, long until) {
        Segment segment = log.find(entry);
        if (segment == null) {
            return -1; // Trimmed since it was looked at; the next look finds that it lags.
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
        return at;
    }
}
