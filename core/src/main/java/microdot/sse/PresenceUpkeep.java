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
import org.jspecify.annotations.Nullable;

/**
 * Renews the lease of this process, and brings the presence tables of a store up to date: rows of a
 * process that was killed are removed when its lease is over.
 */
final class PresenceUpkeep {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** A fourth of a lease. */
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(5);

    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final PresenceCounts counts;
    private final Map<String, Filled> tables = new ConcurrentHashMap<>();
    private final AtomicBoolean renewing = new AtomicBoolean();
    private final AtomicBoolean repairing = new AtomicBoolean();
    private long last; // Of the sweeper.
    private volatile long reported;

    /** A table that the streams of this process fill. */
    private record Filled(TopicState topic, Visits visits, SharedPresence rows) {
        boolean isCurrent() {
            return visits.equals(topic.visits());
        }
    }

    PresenceUpkeep(PresenceCounts counts) {
        this.counts = counts;
        this.last = counts.order().now() - PERIOD; // Repairs begin at the next sweep.
        this.reported = last - MINUTE;
    }

    PresenceCounts counts() {
        return counts;
    }

    /** Keeps a table up to date as long as these visits fill it. */
    void add(TopicState topic, Visits visits, SharedPresence rows) {
        tables.put(topic.name, new Filled(topic, visits, rows));
    }

    /** Starts the upkeep on other threads if its period is over. One call at a time. */
    void sweep(long now) {
        if (now - last >= PERIOD) {
            last = now;
            start(renewing, this::renew); // A long repair must not cost the lease.
        }
    }

    private static void start(AtomicBoolean running, Runnable action) {
        if (!running.compareAndSet(false, true)) {
            return;
        }
        try {
            Thread.ofVirtual().name("microdot-presence").start(action);
        } catch (RuntimeException | Error e) {
            running.set(false);
            throw e;
        }
    }

    private void renew() {
        try {
            counts.renew();
            start(repairing, this::repair);
        } catch (StoreException e) {
            // The engine is away, which is in the log already.
        } catch (RuntimeException | Error e) {
            report(e);
        } finally {
            renewing.set(false);
        }
    }

    private void repair() {
        try {
            counts.checkLoaded();
            repairAll();
        } catch (StoreException e) {
            // The engine is away, or is read again after a loss.
        } catch (RuntimeException | Error e) {
            report(e);
        } finally {
            repairing.set(false);
        }
    }

    private void report(Throwable failure) {
        ProcessErrors.check(failure);
        long now = counts.order().now();
        if (!counts.order().isClosed() && now - reported >= MINUTE) {
            reported = now;
            LOG.log(
                    Level.WARNING,
                    "presence is not up to date; it is tried again every 5 s: " + failure,
                    failure);
        }
    }

    private void repairAll() {
        tables.values().removeIf(table -> !table.isCurrent());
        var names = new HashMap<String, Set<String>>();
        Set<String> processes = counts.processes();
        counts.forEach(
                count -> {
                    names.computeIfAbsent(count.table(), table -> new HashSet<>())
                            .add(count.name());
                    boolean isLeft = counts.isOwn(count) && !tables.containsKey(count.table());
                    if (isLeft || !processes.contains(count.process())) {
                        counts.removeUnchanged(count);
                    }
                });
        tables.forEach((name, table) -> repair(table, names.getOrDefault(name, Set.of())));
    }

    private void repair(Filled table, Set<String> names) {
        try {
            @Nullable RuntimeException failure = table.rows.repair(names);
            if (failure != null && table.isCurrent() && table.topic.log.closedAt() == 0) {
                report(failure);
            }
        } catch (EngineAwayException e) {
            // The rows of this table are read first.
        }
    }

    /** Gives up the lease of this process. */
    void end() {
        try {
            counts.end();
        } catch (RuntimeException e) {
            // It ends by itself.
        }
    }
}
