package microdot.sse.log;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The common order of all topics, and the lock that makes it one: under it an event gets its
 * position and is appended, and a follower gets its cursors. Publishers and joining followers hold
 * the lock for moments; an event loop never waits for it.
 */
public final class TopicOrder {
    private final Epoch epoch = new Epoch();
    private final ReentrantLock lock = new ReentrantLock();
    private final MemoryBudget budget;
    private final Supplier<Stream<EventLog>> logs;

    // Written under the lock, last of all: a reader of it may read every entry up to it.
    private volatile long head;

    /**
     * A new order, whose first position is 1.
     *
     * @param maxBytes what all logs together keep at most, in bytes of events
     * @param logs all logs, asked for under the lock when they keep too much
     */
    public TopicOrder(long maxBytes, Supplier<Stream<EventLog>> logs) {
        this.budget = new MemoryBudget(maxBytes);
        this.logs = logs;
    }

    public Epoch epoch() {
        return epoch;
    }

    /** Returns the position up to which every event is in its log. From any thread. */
    public long head() {
        return head;
    }

    /** Runs the action under the lock. It must not run code of users. */
    public <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Runs the action under the lock. It must not run code of users. */
    public void runLocked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs the action under the lock when nobody holds it, and returns whether it did. The action
     * must not run code of users, except the {@code equals} of their keys.
     */
    public boolean runIfFree(Runnable action) {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            action.run();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Makes a log whose events count against the budget of this order. */
    public EventLog newLog(Retention retention, long floor) {
        return new EventLog(retention, floor, budget);
    }

    /**
     * Appends the event and returns its position.
     *
     * @param keyedBy the function that gave the key
     * @param key ignored when the log has another function by now
     */
    public long append(
            EventLog log, EncodedEvent event, @Nullable Object keyedBy, @Nullable Object key) {
        byte[] userIdLine = event.userId() == null ? null : EncodedEvent.idLine(event.userId());
        lock.lock();
        try {
            long position = head + 1;
            byte[] idLine = userIdLine == null ? epoch.idLine(position) : userIdLine;
            Object usedKey = log.isKeyedBy(keyedBy) ? key : null;
            log.append(event, idLine, position, System.nanoTime(), usedKey);
            head = position;
            evict();
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** When all logs together keep too much: evicts the oldest events of all, of any log. */
    private void evict() {
        if (!budget.isExceeded()) {
            return;
        }
        var oldest = new PriorityQueue<EventLog>(Comparator.comparingLong(EventLog::oldest));
        logs.get().filter(log -> !log.isEmpty()).forEach(oldest::add);
        while (budget.isTight() && !oldest.isEmpty()) {
            EventLog log = oldest.remove();
            log.dropOldest();
            if (!log.isEmpty()) {
                oldest.add(log);
            }
        }
    }
}
