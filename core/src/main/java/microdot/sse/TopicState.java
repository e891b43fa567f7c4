package microdot.sse;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.LatestByKey;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import microdot.sse.log.TopicReaders;
import org.jspecify.annotations.Nullable;

/** One topic: its options, its log, its followers and its figures. */
final class TopicState {
    final String name;
    final EventLog log;
    final TopicReaders readers = new TopicReaders();

    // The topic's figures.
    final AtomicInteger followers = new AtomicInteger();
    final LongAdder delivered = new LongAdder();
    final LongAdder missed = new LongAdder();
    final LongAdder disconnected = new LongAdder();

    /** The publishers and followers that use it now: while there is one it is not forgotten. */
    private final AtomicInteger pins = new AtomicInteger();

    private final TopicOrder order;
    private volatile TopicOptions options;
    private volatile @Nullable SnapshotSource snapshots;
    private volatile @Nullable TableOptions table; // Null when the topic is no table.
    private volatile @Nullable Pace pace; // Null when its followers get changes at once.
    private volatile @Nullable Visits visits; // Null when its streams do not fill it.
    private volatile @Nullable EncodedEvent noRows; // Null if it never was a table.
    private volatile long rowsUntil; // Clients with ids below may have rows of it.
    private volatile long formerEnd; // Of an earlier topic of the name; 0 if there was none.
    private volatile @Nullable Changes changes; // Most topics have none.
    private volatile @Nullable EngineWait loading; // Null when all is loaded.
    private volatile boolean unknownRows; // They will never be loaded.
    private volatile boolean becomesTable; // Its rows are read for the first time.
    private volatile boolean tableElsewhere; // Its rows change, and are not known here.
    private volatile @Nullable Object loadedKeys; // The function of the keys that were loaded.
    private volatile boolean stored;
    private volatile boolean configured;
    private int configurations; // Under the lock of the order.
    private volatile boolean forgotten;

    /**
     * @param floor the position up to which an earlier topic of this name may have had events
     * @param emptied called under the lock of the order when everything was evicted
     */
    TopicState(
            String name,
            TopicOrder order,
            long floor,
            TopicOptions options,
            Consumer<TopicState> emptied) {
        this.name = name;
        this.order = order;
        this.options = options;
        this.log = order.newLog(options.retention(), floor, () -> emptied.accept(this));
    }

    /** A topic that is in no registry, with its log. */
    TopicState(String name, TopicOrder order, TopicOptions options, EventLog log) {
        this.name = name;
        this.order = order;
        this.options = options;
        this.log = log;
    }

    TopicOptions options() {
        return options;
    }

    /** Returns the first position of the newest epoch of its order. */
    long epochBegin() {
        return order.epoch().begin();
    }

    /** Returns null when the topic has no snapshot. */
    @Nullable SnapshotSource snapshots() {
        return snapshots;
    }

    /** Returns whether code of the application makes its snapshots. */
    boolean hasSnapshotOfUser() {
        SnapshotSource source = snapshots;
        return source != null && source.runsUserCode();
    }

    /**
     * Returns the position up to which something of the topic may be missing: below it, the log may
     * have only the newest of each key, or row. Under the lock of the order.
     */
    long lossFloor() {
        TableRows rows = log.rows();
        LatestByKey latest = log.latest();
        return rows != null ? rows.floor() : latest != null ? latest.floor() : log.floor();
    }

    /** Returns null when the topic is no table. */
    @Nullable TableOptions table() {
        return table;
    }

    /**
     * Returns what a client that may have rows of the table that this topic was gets after its gap:
     * a snapshot without rows; null if it has none.
     *
     * @param position up to which the client has everything; -1 if that is unknown
     */
    @Nullable EncodedEvent noRows(long position) {
        return position < rowsUntil() ? noRows : null;
    }

    /** Returns the position below which clients may have rows; 0 if it never was a table. */
    long rowsUntil() {
        return table == null ? rowsUntil : log.last() + 1;
    }

    /** Returns null when followers get changes at once. */
    @Nullable Pace pace() {
        return pace;
    }

    /** Returns null when the topic is no table that its streams fill. */
    @Nullable Visits visits() {
        return visits;
    }

    /** Returns the changes of the topic; null if none was ever made. */
    @Nullable Changes changesOrNull() {
        return changes;
    }

    Changes changes() {
        Changes known = changes;
        return known == null ? makeChanges() : known;
    }

    private synchronized Changes makeChanges() {
        Changes known = changes;
        Changes made = known == null ? new Changes(name) : known;
        changes = made;
        return made;
    }

    /** An earlier topic of this name ended at the position; 0 for none. */
    void hasFormerEnd(long position) {
        formerEnd = position;
    }

    /**
     * Returns whether it has ended. The end of a topic on a store that is over is none, although
     * the topic is not forgotten yet.
     */
    boolean isEnded() {
        return log.closedAt() > 0 && !(stored && log.isEndOver(order.now()));
    }

    /**
     * Returns the position of its end, or, as long as nothing was published to it, that of the
     * earlier topic of its name; 0 if there is no end.
     */
    long endedAt() {
        long former = formerEnd;
        boolean isUnused = former > 0 && log.keptFrom() == 0 && log.find(0) == null;
        return isUnused ? Math.max(former, log.closedAt()) : log.closedAt();
    }

    /** A store has what is not in memory. */
    void isStored() {
        stored = true;
    }

    /** Returns whether a catch-up may have to wait for the engine of a store. */
    boolean waitsForStore() {
        return stored;
    }

    /** The topic becomes a table when its rows were read, unless that fails. */
    void becomesTable(EngineWait rows) {
        loading = rows;
        becomesTable = true;
    }

    /** Returns whether the topic is about to become a table. */
    boolean becomesTable() {
        return becomesTable;
    }

    /** A store has a change of a row, and this process has not called {@code topics.table}. */
    void rowsChangedElsewhere() {
        tableElsewhere = true;
    }

    /** The topic was removed, and so were the rows that it may have had. */
    void removedElsewhere() {
        tableElsewhere = false;
    }

    /**
     * Returns whether it is a table whose rows this process does not know: a client that goes to
     * another process needs a snapshot there.
     */
    boolean isTableElsewhere() {
        return tableElsewhere && table == null;
    }

    /** Returns whether its store may have newest events of keys that are not in memory. */
    boolean needsLatest() {
        Object keys = options.key();
        return stored && keys != null && !keys.equals(loadedKeys);
    }

    /** The newest event of each key was taken from its store. */
    void latestLoaded(Object keys) {
        loadedKeys = keys;
    }

    /** Its store has lost something. */
    void latestLost() {
        loadedKeys = null;
    }

    /** The rows of the table are read from its store again, until {@link #loaded}. */
    void loading(EngineWait rows) {
        loading = rows;
    }

    /** The rows were read, or could not be. What waits for them may go on. */
    void loaded() {
        loading = null;
        becomesTable = false;
    }

    /** The topics were closed before the rows were read again: nothing waits for them any more. */
    void neverLoaded() {
        unknownRows = true;
    }

    /**
     * Checks that the rows are loaded. Under the lock of the order, they are so until the end of
     * that.
     *
     * @throws EngineAwayException when they are still read
     */
    void checkLoaded() {
        EngineWait rows = loading;
        if (rows != null) {
            throw new EngineAwayException(
                    unknownRows ? null : rows,
                    "store: the rows of table " + Quoted.whole(name) + " are not read yet",
                    null);
        }
    }

    /** Uses the topic from now on; returns false when it has been forgotten meanwhile. */
    boolean pin() {
        pins.incrementAndGet();
        // Read the volatile field once; a second read could return a different value.
        boolean gone = forgotten;
        if (gone) {
            pins.decrementAndGet();
        }
        return !gone;
    }

    void unpin() {
        pins.decrementAndGet();
    }

    // ---- Under the lock of the order ----

    /** Uses the topic from now on; it must be in the registry. */
    void pinKnown() {
        pins.incrementAndGet();
    }

    void configure(TopicOptions chosen, JsonCodec json) {
        log.retain(chosen.retention());
        options = chosen;
        snapshots = snapshots(chosen, json);
    }

    private @Nullable SnapshotSource snapshots(TopicOptions chosen, JsonCodec json) {
        Supplier<Object> supplier = chosen.snapshot();
        long timeout = chosen.userCodeTimeoutNanos();
        return supplier == null
                ? null
                : new Snapshots(order, log, changes(), supplier, timeout, name, json);
    }

    /** Returns the topic's own options; null when it has none. */
    @Nullable TopicOptions ownOptions() {
        return configured ? options : null;
    }

    /** Sets the topic's own options: it is not forgotten any more. */
    void configureItself(TopicOptions chosen, JsonCodec json) {
        configure(chosen, json);
        configured = true;
        configurations++;
    }

    /** Returns how often it was configured, or filled by streams. Under the lock of the order. */
    int configurations() {
        return configurations;
    }

    /** Sets the options by prefix, unless the topic has its own. */
    void configureByPrefix(TopicOptions chosen, JsonCodec json) {
        if (!configured && !chosen.equals(options)) {
            configure(chosen, json);
        }
    }

    /** Makes the topic, which must be empty and without options of its own, a table. */
    void becomeTable(TableOptions chosen, JsonCodec json) {
        configureItself(chosen.topicOptions(), json);
        if (log.rows() == null) {
            log.becomeTable(Quoted.whole(name), chosen.maxRows(), chosen.maxBytes());
        }
        var rows = new TableSnapshots(name, order, log, json, this::checkLoaded);
        noRows = rows.empty();
        snapshots = rows;
        long interval = chosen.minIntervalNanos();
        pace = interval == 0 ? null : new Pace(order, log, readers, interval);
        tableElsewhere = false;
        table = chosen;
    }

    /** An earlier topic of this name was a table: clients with ids below may have rows of it. */
    void wasTable(long until, JsonCodec json) {
        rowsUntil = until;
        noRows = new TableSnapshots(name, order, log, json, this::checkLoaded).empty();
    }

    /** Lets the streams of the topic, which is a table, fill it. */
    void fillBy(Visits chosen) {
        visits = chosen;
        configurations++;
    }

    /** The topic has no options of its own any more, and is no table. */
    void dropOptions() {
        configured = false;
        visits = null;
        if (table != null) {
            rowsUntil = log.removal().at();
            table = null;
            pace = null;
            snapshots = null;
        }
    }

    /**
     * Forgets the topic when it has no options of its own, keeps nothing and is not in use. Returns
     * whether it did.
     */
    boolean forget() {
        return !configured && log.isEmpty() && log.closedAt() == 0 && forgetUnpinned();
    }

    /** Forgets the topic if its end is over and it is not in use. Returns whether it did. */
    boolean forgetEnded(long now) {
        return log.isEndOver(now) && forgetUnpinned();
    }

    private boolean forgetUnpinned() {
        if (forgotten) {
            return false;
        }
        // Set the flag before reading the pin count, so that a concurrent pin() sees it.
        forgotten = true;
        forgotten = pins.get() == 0;
        return forgotten;
    }
}
