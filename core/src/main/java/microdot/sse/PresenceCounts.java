package microdot.sse;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * What the processes of a store tell each other about presence, in two tables. Each process has a
 * row in the first, its lease, as long as it puts the row again and again. In the second it has a
 * row for each name that its own streams have, with their number. What a process without a lease
 * has counted does not count.
 */
final class PresenceCounts {
    private static final String LEASES = "microdot/processes";
    private static final String COUNTS = "microdot/presence";
    private static final int PROCESS_LENGTH = 16;

    private static final TableOptions LEASE_OPTIONS =
            new TableOptions().ttl(Duration.ofSeconds(20));

    private static final TableOptions COUNT_OPTIONS =
            new TableOptions().maxRows(100_000).maxBytes(64 << 20);

    private final TopicOrder order;
    private final TableChanges changes;
    private final TopicState leases;
    private final TopicState counts;

    /** The name of this process. */
    private final String process = HexFormat.of().toHexDigits(new SecureRandom().nextLong());

    private PresenceCounts(
            TopicOrder order, TableChanges changes, TopicState leases, TopicState counts) {
        this.order = order;
        this.changes = changes;
        this.leases = leases;
        this.counts = counts;
    }

    /** Makes a topic a table, and waits until its rows were read. */
    interface Tables {
        TopicState open(String name, TableOptions options);
    }

    /**
     * Reads what is there, and takes a lease. Blocks.
     *
     * @param isAlone whether no other process can use the engine at the same time
     */
    static PresenceCounts open(
            TopicOrder order, TableChanges changes, Tables tables, boolean isAlone) {
        TopicState leases = tables.open(LEASES, LEASE_OPTIONS);
        var all = new PresenceCounts(order, changes, leases, tables.open(COUNTS, COUNT_OPTIONS));
        if (isAlone) {
            all.changes.all(leases).forEach(lease -> changes.remove(leases, lease));
        }
        all.renew();
        return all;
    }

    /** How many streams of a process have a name. */
    record Count(String process, String table, String name, int streams, Row row) {}

    /** Takes the lease, or keeps it. Blocks. */
    void renew() {
        changes.put(leases, process, 1);
    }

    /** The other processes take note at once that this one ends. */
    void end() {
        Row lease = changes.get(leases, process);
        if (lease != null) {
            changes.expire(leases, lease);
        }
    }

    /** Tells the other processes how many streams this one has of a name. Blocks. */
    void put(String table, String name, int streams) {
        check();
        if (changes.get(leases, process) == null) { // It was suspended, or without the engine.
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
    void check() {
        leases.checkLoaded();
        counts.checkLoaded();
    }

    boolean isOwn(Count count) {
        return count.process.equals(process);
    }

    /** Returns whether the process of a count has a lease. */
    boolean hasLease(Count count) {
        return changes.get(leases, count.process) != null;
    }

    /** Returns the counts of all processes, also of those without a lease. */
    List<Count> all() {
        return changes.all(counts).stream()
                .map(PresenceCounts::count)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Removes a count, unless its process has changed it. Does not wait for the engine. */
    void dismiss(Count count) {
        changes.expire(counts, count.row);
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

    /** Returns how many streams this process has told of. Under the lock of the order. */
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

    private static @Nullable Count count(Row row) {
        String key = row.key();
        int colon = key.indexOf(':', PROCESS_LENGTH);
        try {
            String process = key.substring(0, PROCESS_LENGTH);
            int table = colon + 1;
            int name = table + Integer.parseInt(key.substring(PROCESS_LENGTH, colon));
            return new Count(
                    process,
                    key.substring(table, name),
                    key.substring(name),
                    PresenceRows.streams(row),
                    row);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            return null; // Nothing that a process of this library has put.
        }
    }
}
