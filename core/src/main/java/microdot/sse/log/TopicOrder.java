package microdot.sse.log;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The common order of all topics: of a {@link MemoryOrder}, which gives the positions itself, or of
 * a {@link StoreOrder}, whose positions a store gives. It is the lock that makes it one: under it
 * an event gets its position and is appended, and a follower gets its cursors if it begins with a
 * gap, a snapshot or the last events. Publishers and such followers hold the lock for moments; an
 * event loop never waits for it.
 */
public abstract class TopicOrder extends PolledLock implements MemoryBudget.Member {
    /** Instead of a position: the topic has ended. */
    public static final long TOPIC_CLOSED = -1;

    /** Instead of a position: an event for a table, or the change of a row for another topic. */
    public static final long OTHER_KIND = -2;

    /** Instead of a position: there was no row to remove. */
    public static final long NOTHING = 0;

    /** Instead of a position: a log that is kept whole has no room. */
    public static final long TOPIC_FULL = -3;

    private static final Logger LOG = System.getLogger("microdot.sse");

    // A bounded slice: no thread may hold the lock for long.
    private static final int EVICT_SLICE = 256;

    private final AtomicLong passed = new AtomicLong(); // Without waiting, in a test.
    private final Epoch epoch;
    final OldestFirst oldest = new OldestFirst();
    private final MemoryBudget budget;
    final MemoryBudget.Share share;

    /** The last position that was given. One that an append failed on is not given again. */
    long given;

    /** The position of the newest event. */
    long newest;

    // Written under the lock, last of all: a reader of it may read every entry up to it.
    volatile long head;

    /** Whether an event ever had an id of its publisher. */
    volatile boolean ownIds;

    private volatile boolean closed;

    /**
     * An order.
     *
     * @param budget what its logs may take, perhaps together with those of other orders
     * @param head the position of the newest entry
     */
    @SuppressWarnings("this-escape") // Only into the budget, which asks it when it is complete.
    TopicOrder(MemoryBudget budget, Epoch epoch, long head) {
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

    /** Forgets a log that keeps nothing. Under the lock. */
    public void forget(EventLog log) {
        oldest.remove(log);
        log.release();
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

    /** Evicts the oldest events while the logs take too much. Not under the lock. */
    public final void relieve() {
        if (budget.isExceeded()) {
            report(tidy(budget::evict));
        }
    }

    /** The event is published: what fails afterwards is returned, not thrown to its publisher. */
    static @Nullable Throwable tidy(Runnable task) {
        try {
            task.run();
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    static void report(@Nullable Throwable failure) {
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
