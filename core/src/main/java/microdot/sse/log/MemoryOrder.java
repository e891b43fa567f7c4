package microdot.sse.log;

import java.util.List;
import java.util.function.LongUnaryOperator;
import microdot.sse.store.ConflictException;
import org.jspecify.annotations.Nullable;

/** The order of topics in memory, and of runs: gives the positions itself. */
public final class MemoryOrder extends TopicOrder {
    /**
     * A new order, whose first position is 1.
     *
     * @param budget what its logs may take, perhaps together with those of other orders
     */
    public MemoryOrder(MemoryBudget budget) {
        super(budget, new Epoch(), 0);
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
        return appended(
                log,
                now -> {
                    long refusal = refusal(log);
                    if (refusal != 0) {
                        return refusal;
                    }
                    String usedKey = log.isKeyedBy(keyedBy) ? key : null;
                    long position = append(log, event, userIdLine, usedKey, isLast, now);
                    head = given;
                    return position;
                });
    }

    /**
     * Runs a step under the lock, then trims the log. The step gets the time, and returns the last
     * position that it has appended; negative or 0 if it has appended nothing.
     */
    private long appended(EventLog log, LongUnaryOperator step) {
        long position;
        @Nullable Throwable failure;
        lock();
        try {
            long now = now();
            position = step.applyAsLong(now);
            if (position <= 0) {
                return position;
            }
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
        if (isClosed()) {
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
        byte[] idLine = userIdLine == null ? log.idLine(epoch(), given + 1) : userIdLine;
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
        return appended(
                log,
                now -> {
                    long refusal = refusal(log);
                    if (refusal != 0) {
                        return refusal;
                    }
                    checkLast(log, expectedLast, name);
                    return appendAll(log, events, log.isKeyedBy(keyedBy), isLast, now);
                });
    }

    private static void checkLast(EventLog log, long expected, String name) {
        boolean isNew = log.published() == 0 || log.last() == log.removal().at();
        long last = isNew ? 0 : log.last();
        if (expected >= 0 && last != expected) {
            throw new ConflictException(name, expected, last);
        }
    }

    private long appendAll(
            EventLog log, List<KeyedEvent> events, boolean keyed, boolean isLast, long now) {
        long position = 0;
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
        return appended(log, now -> changed(log, change, now));
    }

    private long changed(EventLog log, Row change, long now) {
        if (isClosed()) {
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
        long position = ++given;
        oldest.add(log, position);
        log.appendRow(change, epoch().idLine(position), position, now);
        head = given;
        return position;
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
                    log.removeAll(++given, EventLog.Removal.TOPIC);
                    head = given;
                });
    }
}
