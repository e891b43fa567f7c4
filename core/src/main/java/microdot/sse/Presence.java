package microdot.sse;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import microdot.BodySink;
import microdot.Request;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * The open streams of a table that they fill themselves: one row for each name, with how many
 * streams have it. No event loop waits for its lock.
 */
final class Presence implements Visits {
    private final TopicState table;
    private final TableChanges changes;
    private final Function<Request, @Nullable String> names;

    // Covers a change of a count and of its row, so that the rows have the order of the counts.
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Integer> counts = new HashMap<>();

    Presence(TopicState table, TableChanges changes, Function<Request, @Nullable String> names) {
        this.table = table;
        this.changes = changes;
        this.names = names;
    }

    /** Returns whether the visits are counted by this function, compared as objects. */
    static boolean isBy(@Nullable Visits known, Function<Request, @Nullable String> function) {
        return known instanceof Presence presence && presence.names.equals(function);
    }

    @Override
    public @Nullable Visit of(Request request) {
        String name = names.apply(request);
        return name == null ? null : new NamedVisit(TopicRules.checkedKey(name));
    }

    private final class NamedVisit implements Visit {
        private final String name;

        NamedVisit(String name) {
            this.name = name;
        }

        @Override
        public boolean fits() {
            TableOptions options = table.table();
            TopicOrder.enter(lock);
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
        public boolean begin(BodySink sink) {
            boolean counted = enter(name);
            if (counted) {
                sink.afterClose(() -> leave(name));
            }
            return counted || !isOpen();
        }
    }

    private boolean isOpen() {
        return table.log.closedAt() == 0 && equals(table.visits());
    }

    /** Returns whether the visit counts: the table is open and has room. */
    private boolean enter(String name) {
        TopicOrder.enter(lock);
        try {
            int count = counts.getOrDefault(name, 0) + 1;
            changes.put(table, name, row(count));
            counts.put(name, count);
            return true;
        } catch (IllegalStateException e) {
            return false; // Full, closed or removed.
        } finally {
            lock.unlock();
        }
    }

    private void leave(String name) {
        TopicOrder.enter(lock);
        try {
            int count = counts.getOrDefault(name, 0) - 1;
            if (count > 0) {
                counts.put(name, count);
            } else {
                counts.remove(name);
            }
            if (!equals(table.visits())) {
                return; // The table was removed, and perhaps made again.
            }
            if (count > 0) {
                changes.put(table, name, row(count));
            } else {
                changes.remove(table, name);
            }
        } catch (IllegalStateException e) {
            // The table was closed or removed, or the topics are closed: its rows are final.
        } finally {
            lock.unlock();
        }
    }

    private static Map<String, Integer> row(int count) {
        return Map.of("count", count);
    }
}
