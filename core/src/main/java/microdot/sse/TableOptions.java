package microdot.sse;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * What a table holds. Immutable: each method with an argument returns a changed copy and throws an
 * {@link IllegalArgumentException} that names the value and what was expected.
 */
public final class TableOptions {
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 4);

    private int maxRows = 10_000;
    private long maxBytes = 16 << 20;
    private @Nullable Duration ttl;
    private @Nullable Duration minInterval;

    /** The default options. */
    public TableOptions() {}

    private TableOptions(TableOptions from) {
        maxRows = from.maxRows;
        maxBytes = from.maxBytes;
        ttl = from.ttl;
        minInterval = from.minInterval;
    }

    /** Returns whether all values are the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TableOptions that && values().equals(that.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    private List<Object> values() {
        return Arrays.asList(maxRows, maxBytes, ttl, minInterval);
    }

    private TableOptions with(Consumer<TableOptions> change) {
        var copy = new TableOptions(this);
        change.accept(copy);
        return copy;
    }

    /** Returns how many rows the table may have; default 10,000. */
    public int maxRows() {
        return maxRows;
    }

    /** Returns a copy with at most this many rows, at least 1. */
    public TableOptions maxRows(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("maxRows: " + rows + " (expected: at least 1)");
        }
        return with(copy -> copy.maxRows = rows);
    }

    /**
     * Returns how many bytes of heap the rows may take; default 16 MiB. A row counts with its key
     * and its value as JSON, and 300 bytes.
     */
    public long maxBytes() {
        return maxBytes;
    }

    /** Returns a copy whose rows take at most this many bytes, at least 1. */
    public TableOptions maxBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes: " + bytes + " (expected: a positive number of bytes)");
        }
        return with(copy -> copy.maxBytes = bytes);
    }

    /** Returns how long a row stays after its last put; null, the default, for ever. */
    public @Nullable Duration ttl() {
        return ttl;
    }

    /**
     * Returns a copy with which a row is removed when it was not put again for this long, more than
     * zero. Rows are looked through once a second, so that a row may stay up to a second longer.
     * Followers get the removal as any other.
     */
    public TableOptions ttl(Duration time) {
        Duration checked = positive(time, "ttl");
        return with(copy -> copy.ttl = checked);
    }

    /** Returns 0 when rows stay for ever. */
    long ttlNanos() {
        return nanos(ttl);
    }

    /**
     * Returns the least time between two changes of a row for one follower; null, the default, for
     * every change at once.
     */
    public @Nullable Duration minInterval() {
        return minInterval;
    }

    /**
     * Returns a copy with which each follower gets changes at most once in this time, more than
     * zero: then the newest change of each row, all together. The first change after a quiet time
     * is sent at once. What other topics of the same stream publish after a change that is withheld
     * waits with it, at most this long.
     */
    public TableOptions minInterval(Duration time) {
        Duration checked = positive(time, "minInterval");
        return with(copy -> copy.minInterval = checked);
    }

    /** Returns 0 when every change is sent at once. */
    long minIntervalNanos() {
        return nanos(minInterval);
    }

    private static Duration positive(Duration time, String name) {
        Required.notNull(time, name, "more than zero");
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: more than zero)");
        }
        return time;
    }

    private static long nanos(@Nullable Duration time) {
        if (time == null) {
            return 0;
        }
        // Practically unlimited, and the difference to a clock still fits a long.
        return time.compareTo(LONGEST) < 0 ? time.toNanos() : LONGEST.toNanos();
    }

    /** Returns what the table's topic keeps before it has rows; more as it grows. */
    TopicOptions topicOptions() {
        return new TopicOptions().keepEvents(64).keepBytes(64 << 10);
    }
}
