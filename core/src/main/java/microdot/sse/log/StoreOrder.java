package microdot.sse.log;

import org.jspecify.annotations.Nullable;

/**
 * The order of the topics of a store, which gives the positions: this process places what the store
 * has appended. Every method but {@link #trim} is called under the lock.
 */
public final class StoreOrder extends TopicOrder {
    /**
     * The order of a store.
     *
     * @param budget what its logs may take, perhaps together with those of other orders
     * @param head the position of the newest entry of the store
     */
    public StoreOrder(MemoryBudget budget, Epoch epoch, long head) {
        super(budget, epoch, head);
        ownIds = true; // The store may have events with ids of their publishers.
    }

    /**
     * Appends an event that a store has given a position.
     *
     * @param key null when it has none
     */
    public void place(EventLog log, EncodedEvent event, @Nullable String key, long position) {
        long now = now();
        String userId = event.userId();
        byte[] idLine = userId == null ? epoch().idLine(position) : EncodedEvent.idLine(userId);
        oldest.add(log, position);
        log.append(event, idLine, position, now, log.isKeyed() ? key : null);
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
        log.appendRow(change, epoch().idLine(position), position, now);
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
        log.removeAll(position, EventLog.Removal.TOPIC);
        given = position;
    }

    /**
     * Removes the events of a log after a store has lost some: see {@link
     * EventLog.Removal#lostAfter}.
     */
    public void placeLoss(EventLog log, long position, long after) {
        log.removeAll(position, after);
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
}
