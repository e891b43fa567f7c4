package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import microdot.internal.BriefLock;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What this process reads of its store. When a read of a topic fails, the topic is not read again
 * until that read succeeds: one thread tries it for all topics and all clients, and the clients
 * wait. Reading blocks, so never on an event loop.
 */
final class StoreReads {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** The pauses between two tries: the first one, and the longest. */
    private static final long FIRST_PAUSE = Duration.ofMillis(200).toNanos();

    private static final long LONGEST_PAUSE = Duration.ofSeconds(2).toNanos();

    private final EventStore store;
    private final BriefLock lock = new BriefLock();

    /** The topics that could not be read; the one that is tried next comes first. */
    private final Map<String, Failed> failed = new LinkedHashMap<>(); // Guarded by the lock.

    private boolean retrying; // Guarded by the lock.
    private boolean closed; // Guarded by the lock.
    private volatile @Nullable Thread retries;

    /** A read that failed, and what waits for it. */
    private record Failed(Function<EventStore, ?> read, String reason, EngineWait waiting) {
        EngineAwayException exception(@Nullable StoreException cause) {
            return new EngineAwayException(waiting, reason, cause);
        }
    }

    StoreReads(EventStore store) {
        this.store = store;
    }

    /** Returns whether something could not be read, and still cannot be as far as is known. */
    boolean areFailing() {
        lock.lock();
        try {
            return !failed.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads something of a topic.
     *
     * @param read may be called again, on another thread
     * @throws EngineAwayException when that fails, or has failed and was not possible since
     */
    <T> T of(String topic, Function<EventStore, T> read) {
        Failed known = known(topic);
        if (known != null) {
            throw known.exception(null);
        }
        try {
            return read.apply(store);
        } catch (EngineAwayException e) {
            throw e;
        } catch (StoreException e) {
            throw failed(topic, read, e);
        }
    }

    private @Nullable Failed known(String topic) {
        lock.lock();
        try {
            return failed.get(topic);
        } finally {
            lock.unlock();
        }
    }

    private StoreException failed(
            String topic, Function<EventStore, ?> read, StoreException failure) {
        String reason = String.valueOf(failure.getMessage());
        var added = new Failed(read, reason, new EngineWait());
        Failed waiting;
        boolean first;
        boolean start;
        lock.lock();
        try {
            if (closed) {
                return new EngineAwayException(null, reason, failure);
            }
            first = failed.isEmpty();
            start = !retrying;
            retrying = true;
            waiting = failed.computeIfAbsent(topic, name -> added);
        } finally {
            lock.unlock();
        }
        if (first) {
            LOG.log(
                    Level.WARNING,
                    "the store could not be read; clients whose history is not in memory wait until"
                            + " it can be: "
                            + reason);
        }
        if (start) {
            retries = Thread.ofVirtual().name("microdot-store").start(this::retry);
        }
        return waiting.exception(failure);
    }

    /** The engine can be reached again: reads are tried at once. */
    void back() {
        LockSupport.unpark(retries);
    }

    /** Ends all waits; nothing waits from now on. */
    void close() {
        List<Failed> all;
        lock.lock();
        try {
            closed = true;
            all = List.copyOf(failed.values());
            failed.clear();
        } finally {
            lock.unlock();
        }
        all.forEach(each -> each.waiting().end());
        LockSupport.unpark(retries);
    }

    // ---- The thread that tries again ----

    private void retry() {
        long pause = FIRST_PAUSE;
        while (isNeeded()) {
            LockSupport.parkNanos(this, pause);
            pause = tryAll() ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
        }
    }

    private boolean isNeeded() {
        lock.lock();
        try {
            retrying = !failed.isEmpty();
            return retrying;
        } finally {
            lock.unlock();
        }
    }

    /** Tries one topic after another, until one fails: the next time begins after that. */
    private boolean tryAll() {
        dropUnused();
        for (Map.Entry<String, Failed> each : entries()) {
            Failed read = each.getValue();
            boolean success = succeeds(read);
            lock.lock();
            try {
                if (failed.remove(each.getKey(), read) && !success) {
                    failed.put(each.getKey(), read);
                }
            } finally {
                lock.unlock();
            }
            if (!success) {
                return false;
            }
            read.waiting().end();
        }
        return true;
    }

    /**
     * The clients of a topic may have left. The first entry stays: it shows when it works again.
     */
    private void dropUnused() {
        lock.lock();
        try {
            Iterator<Failed> each = failed.values().iterator();
            if (each.hasNext()) {
                each.next();
            }
            while (each.hasNext()) {
                if (each.next().waiting().endUnused()) {
                    each.remove();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Map.Entry<String, Failed>> entries() {
        lock.lock();
        try {
            return failed.entrySet().stream().map(Map.Entry::copyOf).toList();
        } finally {
            lock.unlock();
        }
    }

    private boolean succeeds(Failed each) {
        try {
            Object ignored = each.read().apply(store);
            return true;
        } catch (StoreException e) {
            return false;
        } catch (RuntimeException | Error e) {
            return true; // No matter of the engine: each client finds out what it is.
        }
    }
}
