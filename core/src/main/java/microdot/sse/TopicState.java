package microdot.sse;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.sse.log.EventLog;
import microdot.sse.log.TopicOrder;
import microdot.sse.log.TopicReaders;
import org.jspecify.annotations.Nullable;

/** One topic: its options, its log, its followers and its figures. */
final class TopicState {
    private static final TopicOptions DEFAULTS = new TopicOptions();

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

    private volatile TopicOptions options = DEFAULTS;
    private volatile @Nullable Snapshots snapshots;
    private volatile @Nullable Changes changes; // Most topics have none.
    private volatile boolean configured;
    private volatile boolean forgotten;

    /**
     * @param floor the position up to which an earlier topic of this name may have had events
     */
    TopicState(String name, TopicOrder order, long floor) {
        this.name = name;
        this.log = order.newLog(DEFAULTS.retention(), floor);
    }

    TopicOptions options() {
        return options;
    }

    /** Returns null when the topic has no snapshot. */
    @Nullable Snapshots snapshots() {
        return snapshots;
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

    void configure(TopicOptions chosen, TopicOrder order, JsonCodec json) {
        log.retain(chosen.retention());
        options = chosen;
        snapshots = snapshots(chosen, order, json);
        configured = true;
    }

    private @Nullable Snapshots snapshots(TopicOptions chosen, TopicOrder order, JsonCodec json) {
        Supplier<Object> supplier = chosen.snapshot();
        long timeout = chosen.userCodeTimeoutNanos();
        return supplier == null
                ? null
                : new Snapshots(order, log, changes(), supplier, timeout, name, json);
    }

    /**
     * Forgets the topic when it has the default options, keeps nothing and is not in use. Returns
     * whether it did.
     */
    boolean forget() {
        if (configured || !log.isEmpty()) {
            return false;
        }
        // Set the flag before reading the pin count, so that a concurrent pin() sees it.
        forgotten = true;
        forgotten = pins.get() == 0;
        return forgotten;
    }
}
