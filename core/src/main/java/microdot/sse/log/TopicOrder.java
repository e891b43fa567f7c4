package microdot.sse.log;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import microdot.sse.store.ConflictException;
import org.jspecify.annotations.Nullable;

/**
 * The common order of all topics. It is the lock that makes it one: under it an event gets its
 * position and is appended, and a follower gets its cursors if it begins with a gap, a snapshot or
 * the last events. Publishers and such followers hold the lock for moments; an event loop never
 * waits for it.
 */
public final class TopicOrder extends PolledLock implements MemoryBudget.Member {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** What {@link #append} returns for a topic that has ended. */
    public static final long TOPIC_CLOSED = -1;

    /** What {@link #append} returns for a table, and {@link #change} for any other topic. */
    public static final long OTHER_KIND = -2;

    /** What {@link #change} returns for a removal without a row. */
    public static final long NOTHING = 0;

    /** What {@link #append} returns for a log that is kept whole and has no room. */
    public static final long TOPIC_FULL = -3;

    // A bounded slice: no thread may hold the lock for long.
    private static final int EVICT_SLICE = 256;

    private final AtomicLong passed = new AtomicLong(); // Without waiting, in a test.
    private final Epoch epoch;
    private final OldestFirst oldest = new OldestFirst();
    private final MemoryBudget budget;
    private final MemoryBudget.Share share;

    /** The last position that was given. One that an append failed on is not given again. */
    private long given;

    /** The position of the newest event. */
    private long newest;

    // Written under the lock, last of all: a reader of it may read every entry up to it.
    private volatile long head;

    /** Whether an event ever had an id of its publisher. */
    private volatile boolean ownIds;

    private volatile boolean closed;

    /**
     * A new order, whose first position is 1.
     *
     * @param budget what its logs may take, perhaps together with those of other orders
     */
    @SuppressWarnings("this-escape") // Only into the budget, which asks it when it is complete.
    public TopicOrder(MemoryBudget budget) {
        this(budget, new Epoch(), 0);
    }

    /**
     * The order of a store, which gives the positions.
     *
     * @param budget what its logs may take, perhaps together with those of other orders
     * @param head the position of the newest entry of the store
     */
    @SuppressWarnings("this-escape") // Only into the budget, which asks it when it is complete.
    public TopicOrder(MemoryBudget budget, Epoch epoch, long head) {
        this.budget = budget;
        this.epoch = epoch;
        this.given = head;
        this.newest = head;
        this.head = head;
        this.share = budget.join(this);
    }

    public Epoch epoch() {
        return epoch;
    }

    /**
     * Returns the time by which events and rows age: {@link System#nanoTime}, and what was added.
     */
    public long now() {
        return System.nanoTime() + passed.get();
    }

    /** Lets time pass for events and rows, for a test. */
    public void timePassed(Duration time) {
        passed.addAndGet(time.toNanos());
    }

    /** Returns the position up to which every event is in its log. From any thread. */
    public long head() {
        return head;
    }

    /** Returns whether an event ever had an id of its publisher. From any thread. */
    public boolean hasOwnIds() {
        return ownIds;
    }

    /** Returns whether nothing more is appended: followers end once they have everything. */
    public boolean isClosed() {
        return closed;
    }

    /** Appends nothing from now on. */
    public void close() {
        runLocked(() -> closed = true);
    }

    /**
     * Makes a log that counts against the budget of this order. Under the lock.
     *
     * @param emptied called under the lock when nothing is left after an eviction
     */
    public EventLog newLog(Retention retention, long floor, Runnable emptied) {
        return new EventLog(retention, floor, share, emptied);
    }

    /**
     * Makes a log that is kept whole: nothing of it is evicted for others. Under the lock.
     *
     * @param retention how many bytes at most, and how long after its end
     * @param ids of its events
     * @return null if what is kept so would take more than half of the budget with this log
     */
    public @Nullable EventLog newWholeLog(Retention retention, Epoch ids) {
        return share.canPin(retention.bytes()) ? new EventLog(retention, head, share, ids) : null;
    }

    /**
     * Counts bytes that are kept as long as the log, which is kept whole. Returns false, and counts
     * nothing, if what is kept so would take more than half of the budget.
     */
    public boolean keepBeside(EventLog log, long length) {
        boolean fits = locked(() -> log.keepBeside(length));
        relieve();
        return fits;
    }

    /** Forgets a log that keeps nothing. Under the lock. */
    public void forget(EventLog log) {
        oldest.remove(log);
        log.release();
    }

    /**
     * Appends the event and returns its position; returns {@link #TOPIC_CLOSED} if the log has
     * ended, {@link #TOPIC_FULL} if it is kept whole and this is one event too many. When it
     * throws, nothing was appended.
     *
     * @param keyedBy the function that gave the key
     * @param key ignored when the log has another function by now
     * @param isLast whether the topic ends with this event
     * @throws IllegalStateException when the order is closed
     */
    public long append(
            EventLog log,
            EncodedEvent event,
            @Nullable Object keyedBy,
            @Nullable String key,
            boolean isLast) {
        byte[] userIdLine = event.userId() == null ? null : EncodedEvent.idLine(event.userId());
        long position;
        @Nullable Throwable failure;
        lock();
        try {
            position = refusal(log);
            if (position != 0) {
                return position;
            }
            long now = now();
            String usedKey = log.isKeyedBy(keyedBy) ? key : null;
            position = append(log, event, userIdLine, usedKey, isLast, now);
            if (position < 0) {
                return position;
            }
            head = given;
            failure = tidy(() -> log.trim(now));
        } finally {
            unlock();
        }
        report(failure); // Not under the lock: a log may block.
        relieve();
        return position;
    }

    /** Returns why nothing is appended to the log; 0 if something may be. */
    private long refusal(EventLog log) {
        if (closed) {
            throw new IllegalStateException(
                    "topics: closed (expected: no publish after Topics.close)");
        }
        if (log.closedAt() > 0) {
            return TOPIC_CLOSED;
        }
        return log.rows() == null ? 0 : OTHER_KIND;
    }

    /** Appends, but not yet visibly. */
    private long append(
            EventLog log,
            EncodedEvent event,
            byte @Nullable [] userIdLine,
            @Nullable String key,
            boolean isLast,
            long now) {
        byte[] idLine = userIdLine == null ? log.idLine(epoch, given + 1) : userIdLine;
        if (log.isWhole()) {
            if (!isLast && !log.hasRoom(event.length() + idLine.length)) {
                return TOPIC_FULL;
            }
        } else {
            oldest.add(log, given + 1);
        }
        long position = ++given;
        log.append(event, idLine, position, now, key);
        ownIds |= userIdLine != null;
        newest = position;
        if (isLast) {
            log.close(++given, now);
        }
        return position;
    }

    /**
     * Appends events as one step, as {@link #append} does, and returns the position of the last.
     *
     * @param keyedBy the function that gave the keys
     * @param expectedLast the position of the newest entry of the log; -1 for any
     * @param name of the topic, for messages
     * @throws ConflictException when the newest entry is another one
     */
    public long append(
            EventLog log,
            List<KeyedEvent> events,
            @Nullable Object keyedBy,
            boolean isLast,
            long expectedLast,
            String name) {
        long position;
        @Nullable Throwable failure;
        lock();
        try {
            position = refusal(log);
            if (position != 0) {
                return position;
            }
            boolean isNew = log.published() == 0 || log.last() == log.removedAt();
            long last = isNew ? 0 : log.last();
            if (expectedLast >= 0 && last != expectedLast) {
                throw new ConflictException(name, expectedLast, last);
            }
            boolean keyed = log.isKeyedBy(keyedBy);
            long now = now();
            try {
                for (int i = 0; i < events.size(); i++) {
                    EncodedEvent event = events.get(i).event();
                    String id = event.userId();
                    byte[] idLine = id == null ? null : EncodedEvent.idLine(id);
                    String key = keyed ? events.get(i).key() : null;
                    boolean end = isLast && i == events.size() - 1;
                    position = append(log, event, idLine, key, end, now);
                }
            } finally {
                head = given; // Without memory, those before the failure were published.
            }
            failure = tidy(() -> log.trim(now));
        } finally {
            unlock();
        }
        report(failure);
        relieve();
        return position;
    }

    /**
     * Puts or removes a row of a table, and returns the position of the change; {@link #NOTHING} if
     * the row to remove is not there, {@link #TOPIC_CLOSED} if the log has ended, {@link
     * #OTHER_KIND} if it is no table. When it throws, nothing was changed.
     *
     * @throws IllegalStateException when the order is closed, or the table would exceed a limit
     */
    public long change(EventLog log, Row change) {
        long position;
        @Nullable Throwable failure;
        lock();
        try {
            if (closed) {
                throw new IllegalStateException(
                        "topics: closed (expected: no change of a table after Topics.close)");
            }
            TableRows rows = log.rows();
            if (rows == null || log.closedAt() > 0) {
                return rows == null ? OTHER_KIND : TOPIC_CLOSED;
            }
            if (!rows.admits(change)) {
                return NOTHING;
            }
            long now = now();
            position = ++given;
            oldest.add(log, position);
            log.appendRow(change, epoch.idLine(position), position, now);
            head = given;
            failure = tidy(() -> log.trim(now));
        } finally {
            unlock();
        }
        report(failure);
        relieve();
        return position;
    }

    /**
     * Returns the frames of what has changed in a table after a position and up to another: a batch
     * of the newest change of each key. Under the lock.
     */
    public List<Frame> changes(
            TableRows rows, long position, long until, int batch, long batchBytes) {
        return rows.between(position, until, batch, batchBytes).stream()
                .map(row -> row.frame(epoch.idLine(row.position())))
                .toList();
    }

    /** Ends the log's topic; does nothing if it has ended. */
    public void close(EventLog log) {
        runLocked(
                () -> {
                    if (log.closedAt() == 0) {
                        log.close(++given, now());
                        head = given;
                    }
                });
    }

    /** Removes every event of the log. Its readers find that their next entry is gone. */
    public void removeAll(EventLog log) {
        runLocked(
                () -> {
                    log.removeAll(++given);
                    head = given;
                });
    }

    // ---- What a store has appended, under the lock ----

    /**
     * Appends an event that a store has given a position.
     *
     * @param key null when it has none
     */
    public void place(EventLog log, EncodedEvent event, @Nullable String key, long position) {
        long now = now();
        String userId = event.userId();
        byte[] idLine = userId == null ? epoch.idLine(position) : EncodedEvent.idLine(userId);
        oldest.add(log, position);
        log.append(event, idLine, position, now, log.isKeyed() ? key : null);
        ownIds |= userId != null;
        newest = position;
        given = position;
    }

    /**
     * Takes in the change of a row that a store has given a position. Returns false for a removal
     * without its row, which changes nothing, and for a topic that is no table.
     */
    public boolean placeRow(EventLog log, Row change, long position) {
        TableRows rows = log.rows();
        if (rows == null || !rows.changes(change, position)) {
            return false;
        }
        long now = now();
        oldest.add(log, position);
        log.appendRow(change, epoch.idLine(position), position, now);
        newest = position;
        given = position;
        return true;
    }

    /**
     * Ends a topic at the position that a store has given its end.
     *
     * @param time when that was, as {@link #now} gives it
     */
    public void placeEnd(EventLog log, long position, long time) {
        log.close(position, time);
        given = Math.max(given, position);
    }

    /** A new topic begins in the log of one that has ended. */
    public void placeBeginning(EventLog log) {
        log.reopen();
    }

    /** Removes what a store has removed, at the position of that. */
    public void placeRemoval(EventLog log, long position) {
        log.removeAll(position);
        given = position;
    }

    /** Removes the events of a log after a store has lost some: see {@link EventLog#lostAfter}. */
    public void placeLoss(EventLog log, long position, long after) {
        log.lose(position, after);
        given = position;
    }

    /** Trims a log after entries were placed in it. Not under the lock. */
    public void trim(EventLog log) {
        @Nullable Throwable failure;
        lock();
        try {
            long now = now();
            failure = tidy(() -> log.trim(now));
        } finally {
            unlock();
        }
        report(failure);
    }

    /** Makes everything up to the position visible. */
    public void raise(long position) {
        given = Math.max(given, position);
        head = given;
    }

    /** A store may have events with ids of their publishers. */
    public void mayHaveOwnIds() {
        ownIds = true;
    }

    /** Evicts the oldest events while the logs take too much. Not under the lock. */
    public void relieve() {
        if (budget.isExceeded()) {
            report(tidy(budget::evict));
        }
    }

    /** The event is published: what fails afterwards is returned, not thrown to its publisher. */
    private static @Nullable Throwable tidy(Runnable task) {
        try {
            task.run();
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    private static void report(@Nullable Throwable failure) {
        if (failure != null) {
            LOG.log(
                    Level.ERROR,
                    "trimming a topic failed; events are kept for longer and trimmed later",
                    failure);
        }
    }

    // ---- For the budget ----

    @Override
    public long oldestAge() {
        return locked(
                () -> {
                    EventLog log = evictable();
                    long now = now();
                    return log == null ? -1 : Math.max(0, now - log.oldestTime(now));
                });
    }

    @Override
    public boolean evictSome() {
        return locked(
                () -> {
                    int evicted = 0;
                    while (evicted < EVICT_SLICE && budget.isExceeded()) {
                        EventLog log = evictable();
                        if (log == null) {
                            break;
                        }
                        log.dropOldest();
                        evicted++;
                    }
                    return evicted > 0;
                });
    }

    /**
     * Returns the log with the oldest event, or null. The newest event of all stays however little
     * memory there is: its followers are about to get it.
     */
    private @Nullable EventLog evictable() {
        EventLog log = oldest.first();
        return log == null || log.oldest() == newest ? null : log;
    }
}
