package microdot.sse;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import microdot.sse.log.PolledLock;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Presence on a store: the rows are the sums of the counts of all processes. A process that changes
 * its count of a name writes the row; the last that writes it looks at the counts again, so that
 * the row is right when nothing changes any more. What the engine does not take in time, the upkeep
 * writes later.
 */
final class SharedPresence implements PresenceRows {
    /** Names that are written at the same time. */
    private static final int LOCKS = 64;

    /** More changes of other processes in between than that are left to the upkeep. */
    private static final int TRIES = 4;

    /** How long a stream that opens or ends waits for the engine, in seconds. */
    private static final int PATIENCE = 1;

    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int SLICE = 256;

    private final TopicState table;
    private final TableChanges changes;
    private final PresenceCounts counts;
    private final StoreNode store;

    /** The streams of this process. */
    private final Map<String, Integer> streams = new ConcurrentHashMap<>();

    // Each is held while names are written, which waits for the engine. No event loop waits for it.
    private final PolledLock[] writing = new PolledLock[LOCKS];

    SharedPresence(TopicState table, TableChanges changes, PresenceCounts counts, StoreNode store) {
        this.table = table;
        this.changes = changes;
        this.counts = counts;
        this.store = store;
        for (int i = 0; i < LOCKS; i++) {
            writing[i] = new PolledLock();
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
                                    || (rows.size() < options.maxRows() && counts.hasRoom());
                        });
    }

    @Override
    public boolean enter(String name) {
        streams.merge(name, 1, Integer::sum);
        RuntimeException failure;
        try {
            failure = writeInTime(name);
        } catch (RuntimeException | Error e) {
            leave(name, false);
            throw e;
        }
        if (failure != null) {
            leave(name, false);
        }
        return failure == null;
    }

    @Override
    public void leave(String name, boolean isCurrent) {
        streams.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
        if (isCurrent) {
            writeInTime(name); // Closed or removed: the rows are final.
        }
    }

    /**
     * Writes a name on another thread, and waits a moment. An engine that hangs then holds up no
     * client, and a client that leaves interrupts no append.
     *
     * @return why it cannot be written: full, closed or removed; null if it was, or will be
     */
    private @Nullable RuntimeException writeInTime(String name) {
        if (store.isAway()) {
            return null;
        }
        var failure = new AtomicReference<@Nullable RuntimeException>();
        var done = new CountDownLatch(1);
        Thread.ofVirtual()
                .name("microdot-presence")
                .start(
                        () -> {
                            try {
                                failure.set(write(name));
                            } finally {
                                done.countDown();
                            }
                        });
        try {
            return done.await(PATIENCE, TimeUnit.SECONDS) ? failure.get() : null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /**
     * Writes the count of this process, and the row, as far as they are not right.
     *
     * @return why that is not possible; null if it was, or if the engine did not take it
     */
    private @Nullable RuntimeException write(String name) {
        PolledLock lock = writing[Math.floorMod(name.hashCode(), LOCKS)];
        lock.lock();
        try {
            if (!store.isAway()) {
                counts.put(table.name, name, streams.getOrDefault(name, 0));
                for (int i = 0; i < TRIES && writeRow(name); i++) {
                    // Another process may have changed its count since.
                }
            }
            return null;
        } catch (StoreException e) {
            return null; // Away, or slow: the upkeep writes it.
        } catch (RuntimeException e) {
            return e;
        } finally {
            lock.unlock();
        }
    }

    /** The number of streams that a row should have, and the row as it is. */
    private record Difference(int streams, @Nullable Row row) {}

    /** Returns false when the row was right. */
    private boolean writeRow(String name) {
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
        table.checkLoaded(); // Here: a loss of the store may just have removed all rows.
        counts.checkLoaded();
        TableRows rows = table.log.rows();
        if (rows == null || table.log.closedAt() > 0) {
            return null;
        }
        Row row = rows.get(name);
        int total = counts.total(table.name, name);
        return total == (row == null ? 0 : PresenceRows.streams(row))
                ? null
                : new Difference(total, row);
    }

    // ---- Upkeep ----

    /**
     * Writes what is not right: what could not be written before, and what a process has left that
     * did not end in an orderly way. Blocks.
     *
     * @param counted the names that processes have counted for this table
     * @return why a name could not be written; null if all could
     */
    @Nullable RuntimeException repair(Set<String> counted) {
        table.checkLoaded();
        var names = new HashSet<>(counted);
        names.addAll(streams.keySet());
        changes.forEach(table, row -> names.add(row.key()));
        var failures = new ConcurrentLinkedQueue<RuntimeException>();
        var all = List.copyOf(names);
        for (int from = 0; from < all.size() && !store.isAway(); from += SLICE) {
            List<String> slice = all.subList(from, Math.min(all.size(), from + SLICE));
            List<String> wrong =
                    counts.order().locked(() -> slice.stream().filter(this::isWrong).toList());
            writeAll(wrong, failures);
        }
        return failures.peek();
    }

    /** Under the lock of the order. */
    private boolean isWrong(String name) {
        return counts.own(table.name, name) != streams.getOrDefault(name, 0)
                || difference(name) != null;
    }

    private void writeAll(List<String> names, ConcurrentLinkedQueue<RuntimeException> failures) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String name : names) {
                threads.execute(
                        () -> {
                            RuntimeException failure = write(name);
                            if (failure != null) {
                                failures.add(failure);
                            }
                        });
            }
        }
    }
}
