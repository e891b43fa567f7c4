package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import microdot.AccessLog;
import microdot.AccessLogEntry;
import microdot.internal.BriefLock;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/**
 * The entries that wait to be written to the access log, and the thread that writes them. A log
 * that blocks, because its disk or its pipe is full, delays no event loop: beyond the bound entries
 * are dropped and counted. Thread-safe.
 */
public final class AccessLogQueue extends BriefLock implements Runnable, AutoCloseable {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final int MOST = 8192;

    private final AccessLog log;
    private final Thread thread;

    // Guarded by the lock.
    private Queue<Supplier<AccessLogEntry>> waiting = new ArrayDeque<>();
    private long dropped;
    private boolean closed;

    private volatile boolean parked;

    /** Starts the thread that writes to the log. */
    public AccessLogQueue(AccessLog log) {
        this.log = log;
        this.thread = Thread.ofPlatform().name("microdot-access-log").daemon().start(this);
    }

    /**
     * Adds an entry; never blocks.
     *
     * @param entry makes the entry, on the thread that writes it
     */
    void add(Supplier<AccessLogEntry> entry) {
        lock();
        try {
            if (waiting.size() >= MOST || closed) {
                dropped++;
                return;
            }
            waiting.add(entry);
        } finally {
            unlock();
        }
        wake();
    }

    private void wake() {
        if (parked) {
            parked = false;
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void run() {
        Queue<Supplier<AccessLogEntry>> taken = new ArrayDeque<>();
        while (taken != null) {
            taken = writeNext(taken);
        }
    }

    /** A failure of the log must not end the thread. Returns the emptied queue; null at the end. */
    private @Nullable Queue<Supplier<AccessLogEntry>> writeNext(
            Queue<Supplier<AccessLogEntry>> empty) {
        try {
            Queue<Supplier<AccessLogEntry>> taken = take(empty);
            if (taken != null && taken.isEmpty()) {
                await();
            }
            while (taken != null && !taken.isEmpty()) {
                write(taken.remove());
            }
            return taken;
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            return new ArrayDeque<>();
        }
    }

    /** Returns what waits, perhaps nothing, and lets the empty queue be filled; null at the end. */
    private @Nullable Queue<Supplier<AccessLogEntry>> take(Queue<Supplier<AccessLogEntry>> empty) {
        long lost;
        Queue<Supplier<AccessLogEntry>> taken;
        lock();
        try {
            if (waiting.isEmpty() && dropped == 0 && closed) {
                return null;
            }
            taken = waiting;
            waiting = empty;
            lost = dropped;
            dropped = 0;
        } finally {
            unlock();
        }
        if (lost > 0) {
            LOG.log(
                    Level.WARNING,
                    () ->
                            lost
                                    + " entries of the access log were dropped, because the log is"
                                    + " slower than the requests");
        }
        return taken;
    }

    /** Set the flag before looking: what is added after the look finds it set. */
    private void await() {
        parked = true;
        if (isIdle()) {
            LockSupport.park(this);
        }
        parked = false;
    }

    private boolean isIdle() {
        lock();
        try {
            return waiting.isEmpty() && !closed;
        } finally {
            unlock();
        }
    }

    private void write(Supplier<AccessLogEntry> entry) {
        try {
            log.log(entry.get());
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            LOG.log(Level.ERROR, "the access log failed on an entry, which is lost", e);
        } finally {
            Thread.interrupted(); // With the flag set, the thread could not park.
        }
    }

    /** Lets the thread write what waits and then end; does not wait for that. */
    @Override
    public void close() {
        lock();
        try {
            closed = true;
        } finally {
            unlock();
        }
        wake();
    }

    /**
     * Waits until the thread has ended after {@link #close}, or the deadline is reached.
     *
     * @param deadline a time of {@link System#nanoTime}
     */
    public void await(long deadline) {
        long millis = Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
