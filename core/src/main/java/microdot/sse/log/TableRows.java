package microdot.sse.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table, in the order of their positions, and the newest removals: what a log that is
 * a table keeps besides its newest entries. Rows are never evicted. With the removals, a follower
 * that lags gets what has changed, each row once, and no backlog; one that lags behind the oldest
 * removal that is remembered gets all rows in a snapshot. Under the lock of the order.
 */
public final class TableRows {
    /** How many removals are remembered. */
    public static final int MOST_REMOVALS = 1024;

    private static final int LEAST_ENTRIES = 64;
    private static final long LEAST_BYTES = 64 << 10;

    private final String name;
    private final int maxRows;
    private final long maxBytes;
    private final MemoryBudget.Share budget;
    private final Map<String, Row> newest = new HashMap<>();
    private final TreeMap<Long, Row> rows = new TreeMap<>();
    private final TreeMap<Long, Row> removals = new TreeMap<>();
    private long bytes;
    private long floor;

    /** Until the rows of a store are loaded, a removal may be of a row that is not known yet. */
    private boolean isLoading = true;

    /**
     * Removals of rows that are still to be loaded, by the positions of those rows: no more than
     * the store had rows when loading began, because later rows are known.
     */
    private final Map<Long, LateRemoval> lateRemovals = new HashMap<>(0);

    private long loadedUpTo;

    private record LateRemoval(Row removal, long position, long time) {}

    /** Under the lock of the order, between {@link #begin} and {@link #done}. */
    private @Nullable Row replaced;

    TableRows(String name, int maxRows, long maxBytes, MemoryBudget.Share budget, long floor) {
        this.name = name;
        this.maxRows = maxRows;
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.floor = floor;
    }

    // ---- Changes ----

    /**
     * Returns whether the change changes anything: a removal needs its row.
     *
     * @throws IllegalStateException when the table would exceed a limit
     */
    public boolean admits(Row change) {
        Row known = newest.get(change.key());
        Row row = known == null || known.isRemoval() ? null : known;
        if (change.isRemoval()) {
            return row != null && change.removes(row);
        }
        if (row == null && rows.size() >= maxRows) {
            throw new IllegalStateException(
                    "maxRows: table "
                            + name
                            + " has "
                            + rows.size()
                            + " rows (expected: fewer before a new key is put; remove rows, or set"
                            + " maxRows higher)");
        }
        long more = change.cost() - (row == null ? 0 : row.cost());
        if (more > 0 && bytes + more > maxBytes) {
            throw tooLarge("maxBytes: table " + name, bytes + more, maxBytes);
        }
        if (more > 0 && !budget.canPin(more)) {
            throw tooLarge(
                    "maxBytes: with table " + name + ", all tables",
                    budget.pinned() + more,
                    budget.maxPinned());
        }
        return true;
    }

    /**
     * Returns whether the change, which a store has appended, changes anything here: not a removal
     * without its row, and nothing that is older than what is known of its key.
     *
     * @param position of the change
     */
    boolean changes(Row change, long position) {
        Row known = newest.get(change.key());
        if (known != null && known.position() >= position) {
            return false;
        }
        Row row = known == null || known.isRemoval() ? null : known;
        return !change.isRemoval() || (row == null ? isLoading : change.removes(row));
    }

    /**
     * Returns whether there is no row for a removal that a store has appended. If what was loaded
     * may have the removal already, that is not known, and the answer is no.
     *
     * @param position of the removal
     */
    public boolean isWithout(String key, long position) {
        Row known = newest.get(key);
        boolean isOlder = known == null ? position > floor : known.position() < position;
        return !isLoading && isOlder && (known == null || known.isRemoval());
    }

    /** What is loaded next may lack removals up to the position. */
    public void loading(long upTo) {
        floor = upTo;
    }

    /**
     * Takes in a row or a removal as the store has it, whatever the limits, unless a newer one of
     * its key is known.
     *
     * @param position of the change in the order
     * @param time when it was made, as {@link System#nanoTime} gives it
     */
    public void load(Row change, long position, long time) {
        Row known = newest.get(change.key());
        if (known != null && known.position() >= position) {
            return;
        }
        LateRemoval late = lateRemovals.get(position);
        if (late == null) {
            begin(change, position, time);
            done(change);
            loadedUpTo = Math.max(loadedUpTo, position);
        } else {
            begin(late.removal, late.position, late.time);
            done(late.removal);
            loadedUpTo = Math.max(loadedUpTo, late.position);
        }
    }

    /** Everything that the store has is known. Returns the position of the last that was loaded. */
    long loaded() {
        isLoading = false;
        lateRemovals.clear();
        return loadedUpTo;
    }

    /** Returns whether a row that is not known may still be loaded. */
    public boolean isLoading() {
        return isLoading;
    }

    /**
     * Removes a row that is still to be loaded, if it is: another one of its key stays.
     *
     * @param row the position of the row
     * @param position of the removal
     * @param time of the removal, as {@link System#nanoTime} gives it
     */
    public void removeLate(long row, Row removal, long position, long time) {
        lateRemovals.put(row, new LateRemoval(removal, position, time));
    }

    private static IllegalStateException tooLarge(String what, long bytes, long most) {
        return new IllegalStateException(
                what
                        + " would take "
                        + bytes
                        + " bytes (expected: at most "
                        + most
                        + "; remove rows, or set maxBytes higher)");
    }

    /** Takes the change in, or fails and leaves the table as it was. */
    void begin(Row change, long position, long now) {
        change.placed(position, now);
        TreeMap<Long, Row> target = change.isRemoval() ? removals : rows;
        target.put(change.position(), change);
        try {
            replaced = newest.put(change.key(), change);
        } catch (RuntimeException | Error e) {
            target.remove(change.position());
            throw e;
        }
    }

    /** The change was not appended. Takes no memory. */
    void undo(Row change) {
        Row before = replaced;
        if (before == null) {
            newest.remove(change.key());
        } else {
            newest.replace(change.key(), before);
        }
        (change.isRemoval() ? removals : rows).remove(change.position());
        replaced = null;
    }

    /** The change was appended. Takes no memory, so that it cannot fail. */
    void done(Row change) {
        Row before = replaced;
        replaced = null;
        if (before != null) {
            (before.isRemoval() ? removals : rows).remove(before.position());
            count(before, -1);
        }
        count(change, 1);
        if (removals.size() > MOST_REMOVALS) {
            Row oldest = Objects.requireNonNull(removals.remove(removals.firstKey()));
            newest.remove(oldest.key());
            count(oldest, -1);
            floor = Math.max(floor, oldest.position());
        }
    }

    private void count(Row row, int sign) {
        long cost = sign * row.cost();
        if (row.isRemoval()) {
            budget.add(cost);
        } else {
            bytes += cost;
            budget.pin(cost);
        }
    }

    /** Releases everything. */
    void clear() {
        newest.values().forEach(row -> count(row, -1));
        newest.clear();
        rows.clear();
        removals.clear();
    }

    /**
     * Returns what the log of the table keeps: about as many entries as there are rows, so that a
     * follower is never sent much more than the table.
     */
    Retention retention(Retention before) {
        int events = Math.max(LEAST_ENTRIES, rows.size());
        long most = Math.max(LEAST_BYTES, bytes);
        boolean fits = events <= before.events() && most <= before.bytes();
        boolean tooMuch = 8L * events < before.events() || 8 * most < before.bytes();
        return fits && !tooMuch
                ? before
                : new Retention(2 * events, 2 * most, before.nanos(), before.keyedBy());
    }

    // ---- Reading ----

    /** Returns the row; null when there is none. */
    public @Nullable Row get(String key) {
        Row known = newest.get(key);
        return known == null || known.isRemoval() ? null : known;
    }

    /** Returns how many rows there are. */
    public int size() {
        return rows.size();
    }

    /** Returns all rows, those that were changed last at the end. */
    public List<Row> all() {
        return new ArrayList<>(rows.values());
    }

    /** Returns the rows that were put after a position, the oldest first. */
    public List<Row> after(long position, int most) {
        return rows.tailMap(position, false).values().stream().limit(most).toList();
    }

    /** Returns the rows that were put after a position and up to another. */
    public List<Row> putBetween(long position, long until) {
        return new ArrayList<>(rows.subMap(position, false, until, true).values());
    }

    /** Returns rows that were put before a time, as {@link System#nanoTime} gives it. */
    public List<Row> before(long time, int most) {
        var found = new ArrayList<Row>();
        for (Row row : rows.values()) {
            if (found.size() == most || row.time() - time >= 0) {
                break;
            }
            found.add(row);
        }
        return found;
    }

    /**
     * Returns what has changed after a position and up to another, the newest change of each key,
     * as many as fill the batch.
     */
    List<Row> between(long position, long until, int batch, long batchBytes) {
        var found = new ArrayList<Row>();
        Iterator<Row> puts = rows.subMap(position, false, until, true).values().iterator();
        Iterator<Row> removed = removals.subMap(position, false, until, true).values().iterator();
        Row put = next(puts);
        Row removal = next(removed);
        long size = 0;
        while ((put != null || removal != null) && found.size() < batch && size < batchBytes) {
            boolean putFirst =
                    removal == null || (put != null && put.position() < removal.position());
            Row first = Objects.requireNonNull(putFirst ? put : removal);
            found.add(first);
            size += first.event().length();
            if (putFirst) {
                put = next(puts);
            } else {
                removal = next(removed);
            }
        }
        return found;
    }

    private static @Nullable Row next(Iterator<Row> rows) {
        return rows.hasNext() ? rows.next() : null;
    }

    /** Returns whether there is a change after a position and up to another. */
    public boolean isAnyBetween(long position, long until) {
        Long put = rows.higherKey(position);
        Long removal = removals.higherKey(position);
        return (put != null && put <= until) || (removal != null && removal <= until);
    }

    /** Returns the position up to which removals are not remembered: up to there is a gap. */
    public long floor() {
        return floor;
    }
}
