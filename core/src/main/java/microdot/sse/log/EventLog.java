package microdot.sse.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The log of one topic: the only place where its events are, for every reader, however late.
 *
 * <p>An event is encoded once, when it is published, and appended here as the bytes that go on the
 * wire. A follower is one number, the entry that it reads next: it has no queue of its own and no
 * copy of what it has not read. Delivery copies the entries from that number to the end into the
 * socket. Resuming is delivery from a smaller number. A slow follower is a number that stays low.
 * So memory is what the log keeps plus a few words for each follower, and there is no switch from
 * replay to live at which an event could be missed.
 *
 * <p><b>Entries</b> are numbered within their log from 0 without a hole. Each has the position that
 * orders the events of all logs of one {@link TopicOrder}. The numbers make it exact how many
 * events a follower has missed; the positions let one id resume a stream over several topics.
 *
 * <p><b>Segments</b> hold the entries: arrays that only grow at their end and are left to the
 * garbage collector, never reused. Each is twice as large as the bytes the log keeps when it is
 * made, from 1 KiB up to 64 KiB, because a topic may stay quiet or keep its last event only. A
 * follower holds numbers and no segment, so a follower that stalls for an hour keeps nothing alive.
 *
 * <p><b>Writing</b> happens under the lock of the order: append, trim, and the tables.
 * <b>Reading</b> takes no lock, because it happens on event loops: a reader looks at {@link
 * #keptFrom}, then at the array of segments. Either it finds its entry whole, or it finds that the
 * entry has been trimmed, which is an answer too: the reader lags. An entry is seen only after its
 * segment's count, which is volatile, includes it.
 *
 * <p><b>Trimming</b> is by entry: {@link #keptFrom} rises. A segment goes when its last entry is
 * gone.
 */
public final class EventLog {
    private static final int FIRST_SEGMENT = 1 << 10;
    private static final int LAST_SEGMENT = 64 << 10;

    private volatile @Nullable LatestByKey latest;
    private volatile Segment[] segments = {};
    private volatile long keptFrom;

    // Under the lock of the order.
    private final MemoryBudget budget;
    private final Deque<Segment> open = new ArrayDeque<>(2);
    private final Map<String, Long> userIds = new HashMap<>(0);
    private Retention retention;
    private long next;
    private long bytes;
    private long floor;
    private long last;
    private long keyedFrom;

    /**
     * A new log.
     *
     * @param floor the position up to which an earlier log of the same name may have had events
     */
    EventLog(Retention retention, long floor, MemoryBudget budget) {
        this.retention = retention;
        this.floor = floor;
        this.last = floor;
        this.budget = budget;
    }

    // ---- Writing, under the lock of the order ----

    /** Sets what is kept. Takes effect with the next {@link #trim}. */
    public void retain(Retention chosen) {
        boolean sameKeys = Objects.equals(chosen.keyedBy(), retention.keyedBy());
        retention = chosen;
        if (!sameKeys) {
            rekey(chosen.keyedBy() != null);
        }
    }

    /** What was published so far has no key in the sense of the new function. */
    private void rekey(boolean keyed) {
        if (latest != null) {
            latest.clear();
        }
        keyedFrom = next;
        latest = keyed ? new LatestByKey(budget, floor) : null;
    }

    boolean isKeyedBy(@Nullable Object function) {
        return Objects.equals(function, retention.keyedBy());
    }

    /** Appends a frame and puts the id line at its place. */
    void append(EncodedEvent event, byte[] idLine, long position, long now, @Nullable Object key) {
        if (key != null && latest != null) {
            // First of all: a key is user code, and a key that throws must not leave half an entry.
            latest.published(key, next);
        }
        int length = event.length() + idLine.length;
        Segment segment = segmentFor(length);
        int end = event.writeTo(segment.bytes(), segment.used(), idLine);
        segment.add(position, now, end, key, event.userId());
        if (event.userId() != null) {
            userIds.put(event.userId(), position);
        }
        next++;
        grow(length);
        last = position;
        trim(now);
    }

    private Segment segmentFor(int length) {
        Segment newestSegment = open.peekLast();
        if (newestSegment != null && newestSegment.hasRoom(length)) {
            return newestSegment;
        }
        int size = Math.clamp(2 * bytes, FIRST_SEGMENT, LAST_SEGMENT);
        var segment = new Segment(next, Math.max(size, length));
        open.addLast(segment);
        segments = open.toArray(Segment[]::new);
        return segment;
    }

    /**
     * Trims the events that exceed the retention in number, bytes or age. The newest entry stays,
     * unless it is too old.
     *
     * @param now as {@link System#nanoTime} gives it
     */
    public void trim(long now) {
        long oldest = now - retention.nanos();
        while (keptFrom < next) {
            Segment segment = open.getFirst();
            int index = (int) (keptFrom - segment.first());
            boolean tooMany = next - keptFrom > retention.events();
            boolean tooLarge = bytes > retention.bytes() && keptFrom < next - 1;
            if (!tooMany && !tooLarge && segment.time(index) - oldest >= 0) {
                return;
            }
            drop(segment, index);
        }
    }

    /** Evicts the oldest event, because all logs together keep too much. There must be one. */
    void dropOldest() {
        if (latest != null && !latest.isEmpty()) {
            latest.dropOldest();
        } else {
            Segment segment = open.getFirst();
            drop(segment, (int) (keptFrom - segment.first()));
        }
    }

    /** Returns the position of the oldest event. There must be one. */
    long oldest() {
        return latest != null && !latest.isEmpty() ? latest.first() : positionOf(keptFrom);
    }

    private void drop(Segment segment, int index) {
        if (latest != null) {
            boolean keyed = segment.first() + index >= keyedFrom;
            latest.trimmed(keyed ? segment.key(index) : null, segment, index);
        }
        if (segment.userId(index) != null) {
            userIds.remove(segment.userId(index), segment.position(index));
        }
        floor = segment.position(index);
        grow(segment.start(index) - segment.end(index));
        keptFrom = segment.first() + index + 1;
        if (index == segment.count() - 1) {
            open.removeFirst();
            segments = open.toArray(Segment[]::new);
        }
    }

    private void grow(int by) {
        bytes += by;
        budget.add(by);
    }

    public boolean isEmpty() {
        return keptFrom == next && (latest == null || latest.isEmpty());
    }

    /** Returns the position up to which nothing is kept: a client below it has a gap. */
    public long floor() {
        return floor;
    }

    /** Returns the position of the newest event that was ever in this log. */
    public long last() {
        return last;
    }

    /** Returns how many bytes of events are kept. */
    public long bytes() {
        return bytes;
    }

    /** Returns the number of the next entry, which is how many entries there have been. */
    public long next() {
        return next;
    }

    /** Returns the position of the newest kept event with this publisher's id, or -1. */
    public long positionOf(String userId) {
        return userIds.getOrDefault(userId, -1L);
    }

    /** Returns the position of the entry before this one, or the floor. */
    public long positionBefore(long entry) {
        return entry <= keptFrom ? floor : positionOf(entry - 1);
    }

    private long positionOf(long entry) {
        Segment segment = Objects.requireNonNull(find(entry));
        return segment.position((int) (entry - segment.first()));
    }

    // ---- Reading, from any thread, without a lock ----

    /** Returns the number of the oldest kept entry; a reader below it lags. */
    public long keptFrom() {
        return keptFrom;
    }

    /**
     * Returns the newest events of each key among those trimmed, which may be read under the lock
     * of the order only; null when this log has no keys.
     */
    public @Nullable LatestByKey latest() {
        return latest;
    }

    /** Returns the segment that holds the entry; null when it is yet to come, or was trimmed. */
    public @Nullable Segment find(long entry) {
        Segment[] all = segments;
        // From the end: most readers are there.
        for (int i = all.length - 1; i >= 0; i--) {
            if (all[i].first() <= entry) {
                return entry < all[i].first() + all[i].count() ? all[i] : null;
            }
        }
        return null;
    }

    /** Returns the entry; null when it is yet to come, or was trimmed. */
    public @Nullable Frame read(long entry) {
        Segment segment = find(entry);
        return segment == null ? null : Frame.in(segment, (int) (entry - segment.first()));
    }

    /**
     * Returns the number of the first kept entry after the position. Without the lock the position
     * must be one that was the head of the order: every event up to it is then in its segment.
     */
    public long firstAfter(long position) {
        Segment[] all = segments;
        for (int i = all.length - 1; i >= 0; i--) {
            int index = all[i].firstAfter(position);
            // At index 0 the entries of the segment before may be after the position too.
            if (index > 0 || i == 0) {
                return Math.max(keptFrom, all[i].first() + index);
            }
        }
        return keptFrom;
    }
}
