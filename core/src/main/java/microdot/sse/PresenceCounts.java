package microdot.sse;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * How many streams of each process of a store have a name, in two tables. Each process has a row in
 * the first, its lease, as long as it puts the row again and again. In the second it has a row for
 * each name that its own streams have, with their number. Counts of a process without a lease do
 * not count.
 */
final class PresenceCounts {
    private static final String LEASES = TopicRules.RESERVED_TOPICS + "processes";
    private static final String COUNTS = TopicRules.RESERVED_TOPICS + "presence";
    private static final int PROCESS_LENGTH = 16;
    private static final Duration LEASE = Duration.ofSeconds(20);

    private static final TableOptions COUNT_OPTIONS =
            new TableOptions().maxRows(100_000).maxBytes(64 << 20);

    private final TopicOrder order;
    private final TableChanges changes;
    private final TopicState leases;
    private final TopicState counts;
    private final String process;
    private final boolean alone;
    private volatile boolean ended;

    private PresenceCounts(
            TopicOrder order,
            TableChanges changes,
            TopicState leases,
            TopicState counts,
            String process,
            boolean alone) {
        this.order = order;
        this.changes = changes;
        this.leases = leases;
        this.counts = counts;
        this.process = process;
        this.alone = alone;
    }

    /** Makes a topic a table, and waits until its rows were read. */
    interface Tables {
        TopicState open(String name, TableOptions options);
    }

    /** Returns a name for this process. */
    static String newProcess() {
        return HexFormat.of().toHexDigits(new SecureRandom().nextLong());
    }

    /**
     * Reads what is there, and takes a lease. Blocks.
     *
     * @param alone whether no other process can use the engine at the same time; then the lease
     *     lasts until the next process starts
     */
    static PresenceCounts open(
            TopicOrder order, TableChanges changes, Tables tables, String process, boolean alone) {
        TableOptions options = alone ? new TableOptions() : new TableOptions().ttl(LEASE);
        TopicState leases = tables.open(LEASES, options);
        TopicState counts = tables.open(COUNTS, COUNT_OPTIONS);
        var all = new PresenceCounts(order, changes, leases, counts, process, alone);
        if (alone) {
            changes.all(leases).stream()
                    .filter(lease -> !lease.key().equals(process))
                    .forEach(lease -> changes.remove(leases, lease));
        }
        all.renew();
        return all;
    }

    /** How many streams of a process have a name. */
    record Count(String process, String table, String name, Row row) {}

    /** Takes the lease, or renews it. Blocks. */
    void renew() {
        if (!ended && !(alone && hasLease())) {
            changes.put(leases, process, 1);
        }
    }

    private boolean hasLease() {
        return changes.get(leases, process) != null;
    }

    /** Gives the lease up. Does not wait for the engine. */
    void end() {
        ended = true;
        changes.removeSoon(leases, process);
    }

    /** Sets how many streams of this process have a name. Blocks. */
    void put(String table, String name, int streams) {
        checkLoaded();
        if (!hasLease()) { // The process was suspended, or could not reach the engine.
            renew();
        }
        String key = key(process, table, name);
        Row known = changes.get(counts, key);
        if (streams == 0 && known != null) {
            changes.remove(counts, known);
        } else if (streams != (known == null ? 0 : PresenceRows.streams(known))) {
            changes.put(counts, key, streams);
        }
    }

    /**
     * Checks that all rows are read.
     *
     * @throws EngineAwayException when they are read again, after a loss of the engine
     */
    void checkLoaded() {
        leases.checkLoaded();
        counts.checkLoaded();
    }

    boolean isOwn(Count count) {
        return count.process.equals(process);
    }

    /** Returns the processes that have a lease. */
    Set<String> processes() {
        return changes.all(leases).stream().map(Row::key).collect(Collectors.toSet());
    }

    /** Passes the counts of all processes, also of those without a lease. */
    void forEach(Consumer<Count> action) {
        changes.forEach(
                counts,
                row -> {
                    Count count = count(row);
                    if (count != null) {
                        action.accept(count);
                    }
                });
    }

    /** Removes a count, unless its process has changed it. Does not wait for the engine. */
    void removeUnchanged(Count count) {
        changes.expire(counts, count.row);
    }

    /** Returns whether one more name fits. Under the lock of the order. */
    boolean hasRoom() {
        TableRows rows = counts.log.rows();
        return rows == null || rows.size() < COUNT_OPTIONS.maxRows();
    }

    /** Returns how many streams of all processes have a name. Under the lock of the order. */
    int total(String table, String name) {
        TableRows live = leases.log.rows();
        TableRows rows = counts.log.rows();
        int total = 0;
        if (live != null && rows != null) {
            for (Row lease : live.all()) {
                Row row = rows.get(key(lease.key(), table, name));
                total += row == null ? 0 : PresenceRows.streams(row);
            }
        }
        return total;
    }

    /** Returns the count of this process as the store has it. Under the lock of the order. */
    int own(String table, String name) {
        TableRows rows = counts.log.rows();
        Row row = rows == null ? null : rows.get(key(process, table, name));
        return row == null ? 0 : PresenceRows.streams(row);
    }

    TopicOrder order() {
        return order;
    }

    private static String key(String process, String table, String name) {
        return process + table.length() + ":" + table + name;
    }

    /** Returns null for a row that no process of this library has put. */
    private static @Nullable Count count(Row row) {
        String key = row.key();
        int colon = key.indexOf(':', PROCESS_LENGTH);
        try {
            String process = key.substring(0, PROCESS_LENGTH);
            int table = colon + 1;
            int name = table + Integer.parseInt(key.substring(PROCESS_LENGTH, colon));
            return new Count(process, key.substring(table, name), key.substring(name), row);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            return null;
        }
    }
}
