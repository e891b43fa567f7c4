package microdot.sse.log;

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
 * <p><b>Segments</b> hold the entries: arrays that only grow at their end. A follower holds numbers
 * and no segment, so a follower that stalls for an hour keeps nothing alive.
 *
 * <p><b>Writing</b> happens under the lock of the order: append, trim, and the tables.
 * <b>Reading</b> takes no lock, because it happens on event loops: a reader looks at {@link
 * #keptFrom}, then at the segments. Either it finds its entry whole, or it finds that the entry has
 * been trimmed, which is an answer too: the reader lags. An entry is seen only after its segment's
 * count, which is volatile, includes it.
 *
 * <p><b>Trimming</b> is by entry: {@link #keptFrom} rises. A segment goes when its last entry is
 * gone.
 */
public final class EventLog {
    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int TRIM_SLICE = 1024;

    /**
     * A removal of all events, which were not trimmed.
     *
     * @param from the entry before which everything was removed
     * @param at its position; 0 when nothing was ever removed
     * @param lostAfter the position up to which nothing was lost, if a store has lost events;
     *     {@link #TOPIC} if the topic was removed
     */
    public record Removal(long from, long at, long lostAfter) {
        /** The topic was removed: no store has lost events. */
        public static final long TOPIC = -1;

        static final Removal NONE = new Removal(0, 0, TOPIC);
    }

    private final Segments segments;
    private volatile @Nullable LatestByKey latest;
    private volatile @Nullable TableRows rows; // Null when the log is no table.
    private volatile long keptFrom;

    // Written before keptFrom rises and before a segment goes: a reader that finds its entry
    // without the lock, and then a floor below its position, has lost nothing.
    private volatile long floor;

    private volatile Removal removal = Removal.NONE;

    // Below this entry a reader did not know that the log is that of a table.
    private volatile long tableFrom;

    /** The position of the end of the topic; 0 while it is open. */
    private volatile long closedAt;

    private long closedTime;

    // False while more may be kept than the retention in number and bytes allows.
    private volatile boolean trimmed;

    // Under the lock of the order.
    private final MemoryBudget.Share budget;
    private final Runnable emptied;
    private final @Nullable Epoch ownIds; // Of a log that is kept whole; null for all others.
    private final UserIds userIds;
    private Retention retention;
    private long next;
    private long bytes;
    private long last;
    private long keyedFrom;
    private int removals;
    private long beside; // Bytes that are kept as long as this log.

    // For OldestFirst.
    int heapIndex = -1;
    long heapOldest;

    /**
     * A new log.
     *
     * @param floor the position up to which an earlier log of the same name may have had events
     * @param emptied called under the lock of the order when nothing is left after an eviction
     */
    EventLog(Retention retention, long floor, MemoryBudget.Share budget, Runnable emptied) {
        this(retention, floor, budget, emptied, null);
    }

    /**
     * A new log that is kept whole: nothing is trimmed or evicted, and {@link #hasRoom} says what
     * may be appended.
     *
     * @param retention only its bytes count, and, after the end, its time
     */
    EventLog(Retention retention, long floor, MemoryBudget.Share budget, Epoch ids) {
        this(retention, floor, budget.pinning(), () -> {}, ids);
    }

    private EventLog(
            Retention retention,
            long floor,
            MemoryBudget.Share budget,
            Runnable emptied,
            @Nullable Epoch ownIds) {
        this.retention = retention;
        this.ownIds = ownIds;
        this.floor = floor;
        this.last = floor;
        this.budget = budget;
        this.segments = new Segments(budget);
        this.userIds = new UserIds(budget);
        this.emptied = emptied;
        this.latest = retention.keyedBy() == null ? null : new LatestByKey(budget, floor);
        budget.add(MemoryBudget.TOPIC);
    }

    // ---- Writing, under the lock of the order ----

    /** Sets what is kept. Takes effect with the next {@link #trim}. */
    public void retain(Retention chosen) {
        boolean sameKeys = Objects.equals(chosen.keyedBy(), retention.keyedBy());
        retention = chosen;
        trimmed = false;
        if (!sameKeys) {
            rekey(chosen.keyedBy() != null);
        }
    }

    /**
     * Makes this log, which must be empty, a table.
     *
     * @param name of the topic as it is shown in messages, in quotes
     */
    public void becomeTable(String name, int maxRows, long maxBytes) {
        rows = new TableRows(name, maxRows, maxBytes, budget, floor);
    }

    /**
     * The rows are complete from now on: readers that began before lag, because they have only
     * followed the changes, and need the rows.
     */
    public void beginTable() {
        while (keptFrom < next) {
            dropFirst();
        }
        segments.removeAll(); // One without an entry, where an append failed.
        next += 2; // Entries that nobody can read: a reader may lag from the second of them.
        removals += 2;
        tableFrom = next - 1;
        keptFrom = next;
        segments.publish();
    }

    /**
     * All rows of the table are known. What was loaded is no entry, and may be newer than the
     * entries: readers from before it get the rows that have changed.
     */
    public void rowsLoaded() {
        long missing = Objects.requireNonNull(rows).loaded();
        while (keptFrom < next && segments.positionOf(keptFrom) <= missing) {
            dropFirst();
        }
        floor = Math.max(floor, missing);
        last = Math.max(last, missing);
        segments.publish();
    }

    /** Returns whether a reader of this entry began before the log was that of a table. */
    public boolean isBeforeTable(long entry) {
        return entry < tableFrom;
    }

    /** Makes this log, of a table that could not be loaded, that of a topic again. */
    public void becomeTopic() {
        if (rows != null) {
            rows.clear();
            rows = null;
        }
    }

    /** Appends the change of a row as {@link #append} does. */
    void appendRow(Row change, byte[] idLine, long position, long now) {
        TableRows table = Objects.requireNonNull(rows);
        table.begin(change, position, now);
        try {
            append(change.event(), idLine, position, now, null);
        } catch (RuntimeException | Error e) {
            table.undo(change);
            throw e;
        }
        table.done(change);
        Retention wanted = table.retention(retention);
        if (!wanted.equals(retention)) {
            retain(wanted);
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

    /** Returns whether nothing is ever trimmed or evicted, and the ids are not the order's. */
    boolean isWhole() {
        return ownIds != null;
    }

    /** Returns whether an event of this length may be appended to a log that is kept whole. */
    boolean hasRoom(int length) {
        if (bytes + length > retention.bytes()) {
            return false;
        }
        return segments.canPin(length, bytes);
    }

    /** Counts bytes that are kept as long as this log; returns false if they have no room. */
    boolean keepBeside(long length) {
        boolean fits = budget.canPin(length);
        if (fits) {
            beside += length;
            budget.add(length);
        }
        return fits;
    }

    /**
     * Returns the id line of an event.
     *
     * @param order the ids of all logs that have none of their own
     */
    byte[] idLine(Epoch order, long position) {
        return (ownIds == null ? order : ownIds).idLine(position);
    }

    boolean isKeyedBy(@Nullable Object function) {
        return Objects.equals(function, retention.keyedBy());
    }

    /**
     * Appends a frame and inserts the id line, or fails and leaves the log as it was: everything
     * that takes memory comes before the first change that a reader sees.
     */
    void append(
            EncodedEvent event, byte[] idLine, long position, long now, @Nullable String givenKey) {
        int length = event.length() + idLine.length;
        String userId = event.userId();
        Segment segment = segments.reserve(next, length, bytes, givenKey != null, userId != null);
        LatestByKey table = latest;
        LatestByKey.Newest newest =
                givenKey == null || table == null ? null : table.reserve(givenKey);
        Long previous = null;
        try {
            previous = userId == null ? null : userIds.put(userId, position);
            event.writeTo(segment.bytes(), segment.used(), idLine);
        } catch (RuntimeException | Error e) {
            if (newest != null) {
                Objects.requireNonNull(table).release(newest);
            }
            if (userId != null) {
                userIds.undo(userId, previous, position);
            }
            throw e;
        }
        // The key is the table's own instance, so that equal keys are kept once.
        segment.add(position, now, length, newest == null ? null : newest.key, userId);
        if (newest != null) {
            Objects.requireNonNull(table).published(newest, next);
        }
        next++;
        bytes += length;
        last = position;
    }

    /**
     * Trims events that exceed the retention in number, bytes or age, a bounded number of them. The
     * newest entry stays, unless it is too old.
     *
     * @param now as {@link System#nanoTime} gives it
     * @return false when more is left to trim: call it again
     */
    public boolean trim(long now) {
        boolean all = trimSlice(now);
        if (all != trimmed) {
            trimmed = all;
        }
        return all;
    }

    private boolean trimSlice(long now) {
        if (isWhole()) {
            return true;
        }
        long oldest = now - retention.nanos();
        try {
            for (int dropped = 0; keptFrom < next; dropped++) {
                boolean tooMany = next - keptFrom > retention.events();
                boolean tooLarge = bytes > retention.bytes() && keptFrom < next - 1;
                if (!tooMany && !tooLarge && oldestTime(now) - oldest >= 0) {
                    return true;
                }
                if (dropped == TRIM_SLICE) {
                    return false;
                }
                dropFirst();
            }
            return true;
        } finally {
            segments.publish();
        }
    }

    /** Evicts the oldest event, because all logs together keep too much. There must be one. */
    void dropOldest() {
        if (latest != null && !latest.isEmpty()) {
            latest.dropOldest();
        } else {
            dropFirst();
            segments.publish();
        }
        if (isEmpty()) {
            emptied.run();
        }
    }

    /** Returns the position of the oldest event. There must be one. */
    long oldest() {
        return latest != null && !latest.isEmpty() ? latest.first() : segments.positionOf(keptFrom);
    }

    /** Returns the time of the oldest entry; the time now when only the newest of keys are left. */
    long oldestTime(long now) {
        if (keptFrom == next) {
            return now;
        }
        Segment segment = segments.oldest();
        return segment.time(segment.indexOf(keptFrom));
    }

    /** Drops the oldest entry. Readers find its segment until the segments are published. */
    private void dropFirst() {
        Segment segment = segments.oldest();
        int index = segment.indexOf(keptFrom);
        if (latest != null) {
            latest.trimmed(isKeyed(keptFrom) ? segment.key(index) : null, segment, index);
        }
        String userId = segment.userId(index);
        if (userId != null) {
            userIds.remove(userId, segment.position(index));
        }
        floor = segment.position(index);
        bytes -= segment.end(index) - segment.start(index);
        keptFrom = segment.first() + index + 1;
        if (index == segment.count() - 1) {
            segments.removeOldest();
        }
    }

    /**
     * Ends the topic: nothing is appended any more.
     *
     * @param position of the end in the order, after all entries
     * @param now as {@link System#nanoTime} gives it
     */
    void close(long position, long now) {
        last = position;
        closedTime = now;
        closedAt = position;
    }

    /** A new topic of the name begins: the end is no longer one. */
    void reopen() {
        closedAt = 0;
    }

    /** Returns whether the topic ended longer ago than it keeps events. */
    public boolean isEndOver(long now) {
        return closedAt > 0 && now - closedTime - retention.nanos() >= 0;
    }

    /**
     * Removes every event, because the topic is removed, or a store may have lost events. All
     * readers, those at the end too, find that their next entry is gone.
     *
     * @param position of the removal in the order: a client with an id from before has a gap
     * @param lostAfter as {@link Removal#lostAfter}
     */
    void removeAll(long position, long lostAfter) {
        clear();
        if (latest != null) {
            latest.raiseFloor(position);
        }
        next++; // An entry that nobody can read.
        removals++;
        bytes = 0;
        floor = position;
        last = position;
        closedAt = 0;
        removal = new Removal(next, position, lostAfter);
        keptFrom = next;
        segments.publish();
    }

    /** Releases the memory of all events, which no reader asks for any more. */
    public void clear() {
        if (latest != null) {
            latest.clear();
        }
        if (rows != null) {
            rows.clear();
            rows = null;
        }
        userIds.clear();
        segments.removeAll();
    }

    /** The topic is forgotten, and takes no memory from now on. */
    void release() {
        segments.removeAll(); // One without an entry, where an append failed.
        budget.add(-MemoryBudget.TOPIC - beside);
    }

    /** Returns whether nothing is kept. */
    public boolean isEmpty() {
        return keptFrom == next && (latest == null || latest.isEmpty());
    }

    /** Returns the position of the newest event that was ever in this log. */
    public long last() {
        return last;
    }

    /** Returns how many bytes of events are kept. */
    public long bytes() {
        return bytes;
    }

    /** Returns the number of the next entry. */
    public long next() {
        return next;
    }

    /** Returns how many events there have been. */
    public long published() {
        return next - removals;
    }

    /** Returns the position of the newest kept event with this publisher's id, or -1. */
    public long positionOf(String userId) {
        return userIds.positionOf(userId);
    }

    /** Returns the position of the entry before this one, or the floor. */
    public long positionBefore(long entry) {
        return entry <= keptFrom ? floor : segments.positionOf(entry - 1);
    }

    // ---- Reading, from any thread, without a lock ----

    /** Returns the number of the oldest kept entry; a reader below it lags. */
    public long keptFrom() {
        return keptFrom;
    }

    /** Returns the position up to which nothing is kept: a client below it has a gap. */
    public long floor() {
        return floor;
    }

    /**
     * Returns the position of the end of the topic, after all its events; 0 while it is open. Once
     * it is visible, the head of the order may still be below it.
     */
    public long closedAt() {
        return closedAt;
    }

    /**
     * Returns whether {@link #trim} has nothing to do.
     *
     * @param now as {@link System#nanoTime} gives it
     */
    public boolean isTrimmed(long now) {
        if (!trimmed) {
            return false; // Before the retention is read: this one is at least that of the trim.
        }
        long entry = keptFrom;
        Segment segment = isWhole() ? null : find(entry);
        if (segment == null) {
            return true; // Nothing is kept; or that entry was trimmed since.
        }
        return segment.time(segment.indexOf(entry)) - (now - retention.nanos()) >= 0;
    }

    /**
     * Returns the newest events of each key among those trimmed, which may be read under the lock
     * of the order only; null when this log has no keys.
     */
    public @Nullable LatestByKey latest() {
        return latest;
    }

    /** Returns whether what was trimmed is remembered by key. */
    public boolean isKeyed() {
        return rows != null || latest != null;
    }

    /** Returns the rows, which may be read under the lock only; null when this is no table. */
    public @Nullable TableRows rows() {
        return rows;
    }

    /** Returns whether the entry has its key, if any, from the function that gives keys now. */
    boolean isKeyed(long entry) {
        return entry >= keyedFrom;
    }

    /** Returns the last removal of all events. A reader below its entry was not slow. */
    public Removal removal() {
        return removal;
    }

    /** Returns the segment that holds the entry; null when it is yet to come, or was trimmed. */
    public @Nullable Segment find(long entry) {
        return segments.find(entry);
    }

    /** Returns the entry; null when it is yet to come, or was trimmed. */
    public @Nullable Frame read(long entry) {
        Segment segment = find(entry);
        return segment == null ? null : Frame.in(segment, segment.indexOf(entry));
    }

    /**
     * Returns the number of the first kept entry after the position. Without the lock the position
     * must be one that was the head of the order: every event up to it is then in its segment.
     */
    public long firstAfter(long position) {
        // Before keptFrom: a segment that was removed meanwhile is then below it.
        long found = segments.firstAfter(position);
        return Math.max(keptFrom, found);
    }
}
