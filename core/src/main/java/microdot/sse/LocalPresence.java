package microdot.sse;

import java.util.HashMap;
import java.util.Map;
import microdot.sse.log.PolledLock;

/**
 * Presence in memory: the rows are the counts of this process. No event loop waits for its lock.
 */
final class LocalPresence implements PresenceRows {
    private final TopicState table;
    private final TableChanges changes;

    // Covers a change of a count and of its row, so that the rows have the order of the counts.
    private final PolledLock lock = new PolledLock();
    private final Map<String, Integer> counts = new HashMap<>();

    LocalPresence(TopicState table, TableChanges changes) {
        this.table = table;
        this.changes = changes;
    }

    @Override
    public boolean fits(String name) {
        TableOptions options = table.table();
        lock.lock();
        try {
            return options == null
                    || table.log.closedAt() > 0
                    || counts.containsKey(name)
                    || counts.size() < options.maxRows();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean enter(String name) {
        lock.lock();
        try {
            int count = counts.getOrDefault(name, 0) + 1;
            changes.put(table, name, PresenceRows.row(count));
            counts.put(name, count);
            return true;
        } catch (IllegalStateException e) {
            return false; // Full, closed or removed.
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void leave(String name, boolean isCurrent) {
        lock.lock();
        try {
            int count = counts.getOrDefault(name, 0) - 1;
            if (count > 0) {
                counts.put(name, count);
            } else {
                counts.remove(name);
            }
            if (!isCurrent) {
                return;
            }
            if (count > 0) {
                changes.put(table, name, PresenceRows.row(count));
            } else {
                changes.remove(table, name);
            }
        } catch (IllegalStateException e) {
            // The table was closed or removed, or the topics are closed: its rows are final.
        } finally {
            lock.unlock();
        }
    }
}
