package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.internal.ProcessErrors;
import microdot.sse.store.StoreException;

/**
 * Keeps the lease of this process, and the presence tables of a store right: what a process has
 * left that was killed goes when its lease is over.
 */
final class PresenceUpkeep {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** A fourth of a lease. */
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(5);

    private final PresenceCounts counts;
    private final Map<String, Kept> tables = new ConcurrentHashMap<>();
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile long last;

    /** A table of this process. */
    private record Kept(TopicState topic, Visits visits, SharedPresence rows) {
        boolean isCurrent() {
            return visits.equals(topic.visits());
        }
    }

    PresenceUpkeep(PresenceCounts counts) {
        this.counts = counts;
        this.last = counts.order().now() - PERIOD; // What others have left goes at the next sweep.
    }

    PresenceCounts counts() {
        return counts;
    }

    void keep(TopicState topic, Visits visits, SharedPresence rows) {
        tables.put(topic.name, new Kept(topic, visits, rows));
    }

    /** Does on another thread what is due. */
    void sweep(long now) {
        if (now - last >= PERIOD && running.compareAndSet(false, true)) {
            last = now;
            Thread.ofVirtual().name("microdot-presence").start(this::run);
        }
    }

    private void run() {
        try {
            counts.renew();
            counts.check();
            repair();
        } catch (StoreException e) {
            // The engine is away, or is read again: the next time.
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            if (!counts.order().isClosed()) {
                LOG.log(
                        Level.ERROR,
                        "presence could not be brought up to date; it is tried again",
                        e);
            }
        } finally {
            running.set(false);
        }
    }

    private void repair() {
        tables.values().removeIf(table -> !table.isCurrent());
        var names = new HashMap<String, Set<String>>();
        for (PresenceCounts.Count count : counts.all()) {
            names.computeIfAbsent(count.table(), table -> new HashSet<>()).add(count.name());
            boolean isLeft = counts.isOwn(count) && !tables.containsKey(count.table());
            if (isLeft || !counts.hasLease(count)) {
                counts.dismiss(count);
            }
        }
        tables.forEach((name, table) -> table.rows.repair(names.getOrDefault(name, Set.of())));
    }

    /** The other processes take note at once that this one ends. */
    void end() {
        try {
            counts.end();
        } catch (RuntimeException e) {
            // They do so later.
        }
    }
}
