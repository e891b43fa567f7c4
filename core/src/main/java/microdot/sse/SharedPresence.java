package microdot.sse;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Presence on a store: the rows are the sums of the counts of all processes. A process that changes
 * its count of a name writes the row; the last that writes it looks at the counts again, so that
 * the row is right when nothing changes any more. What the engine cannot take now, the upkeep
 * writes later: no client waits for it, and none is rejected.
 */
final class SharedPresence implements PresenceRows {
    /** Names that are written at the same time. */
    private static final int LOCKS = 64;

    /** More changes of other processes in between than that are left to the upkeep. */
    private static final int TRIES = 4;

    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int SLICE = 256;

    private final TopicState table;
    private final TableChanges changes;
    private final PresenceCounts counts;
    private final StoreNode store;

    /** The streams of this process. */
    private final Map<String, Integer> streams = new ConcurrentHashMap<>();

    // Each is held while names are written, which waits for the engine. No event loop waits for it.
    private final ReentrantLock[] writing = new ReentrantLock[LOCKS];

    SharedPresence(TopicState table, TableChanges changes, PresenceCounts counts, StoreNode store) {
        this.table = table;
        this.changes = changes;
        this.counts = counts;
        this.store = store;
        for (int i = 0; i < LOCKS; i++) {
            writing[i] = new ReentrantLock();
        }
    }

    @Override
    public boolean fits(String name) {
        TableOptions options = table.table();
        return counts.order()
                .locked(
                        () -> {
                            TableRows rows = table.log.rows();
                            return options == null
                                    || rows == null
                                    || table.log.closedAt() > 0
                                    || rows.get(name) != null
                                    || rows.size() < options.maxRows();
                        });
    }

    @Override
    public boolean enter(String name) {
        streams.merge(name, 1, Integer::sum);
        try {
            write(name);
            return true;
        } catch (IllegalStateException e) { // Full, closed or removed.
            leave(name, false);
            return false;
        }
    }

    @Override
    public void leave(String name, boolean isCurrent) {
        streams.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
        if (isCurrent) {
            writeIfPossible(name);
        }
    }

    /** Writes the count of this process, and the row, as far as they are not right. */
    private void write(String name) {
        ReentrantLock lock = writing[Math.floorMod(name.hashCode(), LOCKS)];
        try {
            if (store.isAway()
                    || !lock.tryLock(store.publishTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            counts.put(table.name, name, streams.getOrDefault(name, 0));
            for (int i = 0; i < TRIES && writeRow(name); i++) {
                // Another process may have changed its count since.
            }
        } catch (StoreException e) {
            // Away, or slow, or the client has left: the upkeep writes it.
        } finally {
            lock.unlock();
        }
    }

    /** The number of streams that a row should tell, and the row as it is. */
    private record Difference(String name, int streams, @Nullable Row row) {}

    /** Returns false when the row was right. */
    private boolean writeRow(String name) {
        table.checkLoaded();
        Difference difference = counts.order().locked(() -> difference(name));
        if (difference == null) {
            return false;
        }
        Row row = difference.row;
        if (difference.streams > 0) {
            changes.put(table, name, PresenceRows.row(difference.streams));
        } else if (row != null) {
            changes.remove(table, row);
        }
        return true;
    }

    /** Under the lock of the order. */
    private @Nullable Difference difference(String name) {
        TableRows rows = table.log.rows();
        if (rows == null || table.log.closedAt() > 0) {
            return null;
        }
        Row row = rows.get(name);
        int total = counts.total(table.name, name);
        return total == (row == null ? 0 : PresenceRows.streams(row))
                ? null
                : new Difference(name, total, row);
    }

    // ---- Upkeep ----

    /**
     * Writes what is not right: what could not be written before, and what a process has left that
     * did not end in an orderly way. Blocks.
     *
     * @param counted the names that processes have counted for this table
     */
    void repair(Set<String> counted) {
        var names = new HashSet<>(counted);
        names.addAll(streams.keySet());
        changes.all(table).forEach(row -> names.add(row.key()));
        var all = List.copyOf(names);
        for (int from = 0; from < all.size(); from += SLICE) {
            List<String> slice = all.subList(from, Math.min(all.size(), from + SLICE));
            List<String> wrong =
                    counts.order().locked(() -> slice.stream().filter(this::isWrong).toList());
            writeAll(wrong);
        }
    }

    /** Under the lock of the order. */
    private boolean isWrong(String name) {
        return counts.own(table.name, name) != streams.getOrDefault(name, 0)
                || difference(name) != null;
    }

    private void writeAll(List<String> names) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            names.forEach(name -> threads.execute(() -> writeIfPossible(name)));
        }
    }

    private void writeIfPossible(String name) {
        try {
            write(name);
        } catch (IllegalStateException e) {
            // Full: the row comes when another goes. Or closed or removed: the rows are final.
        }
    }
}
