package microdot.sse;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.internal.BriefLock;

/**
 * What goes on when the engine of a store can be read again: each task once. A task only starts a
 * thread, so that ending the wait blocks nobody. Thread-safe.
 */
final class EngineWait {
    private final BriefLock lock = new BriefLock();
    private Set<Runnable> tasks = new LinkedHashSet<>(2); // Guarded by the lock.
    private boolean over; // Guarded by the lock.

    /** Adds a task; returns false, and adds nothing, when the wait is over. */
    boolean add(Runnable task) {
        lock.lock();
        try {
            return !over && tasks.add(task);
        } finally {
            lock.unlock();
        }
    }

    /** The client of a task has left. */
    void remove(Runnable task) {
        lock.lock();
        try {
            tasks.remove(task);
        } finally {
            lock.unlock();
        }
    }

    /** Waits; returns whether the wait is over. */
    boolean await(long nanos) throws InterruptedException {
        var over = new CountDownLatch(1);
        Runnable task = over::countDown;
        if (!add(task)) {
            return true;
        }
        try {
            return over.await(nanos, TimeUnit.NANOSECONDS);
        } finally {
            remove(task);
        }
    }

    /** Ends the wait if nothing waits; returns whether it did. */
    boolean endUnused() {
        lock.lock();
        try {
            over |= tasks.isEmpty();
            return over;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the wait. */
    void end() {
        Set<Runnable> all;
        lock.lock();
        try {
            over = true;
            all = tasks;
            tasks = new LinkedHashSet<>(0);
        } finally {
            lock.unlock();
        }
        all.forEach(Runnable::run);
    }
}
