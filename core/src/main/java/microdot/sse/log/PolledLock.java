package microdot.sse.log;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A reentrant lock that virtual threads and platform threads share. No event loop waits for it. An
 * interrupt does not shorten the wait.
 *
 * <p>A platform thread looks again every millisecond whether the lock is free: in the queue it may
 * be behind a virtual thread that has its turn but no carrier thread, because handlers hold them
 * all.
 */
public class PolledLock {
    private final ReentrantLock lock = new ReentrantLock();

    /** Takes the lock. Call {@link #unlock} in a {@code finally} block. */
    public final void lock() {
        if (Thread.currentThread().isVirtual()) {
            lock.lock();
            return;
        }
        boolean interrupted = false;
        boolean entered = false;
        while (!entered) {
            try {
                entered = lock.tryLock() || lock.tryLock(1, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Releases the lock. */
    public final void unlock() {
        lock.unlock();
    }

    /** Runs the action under the lock. It must not run code of users. */
    public final <T> T locked(Supplier<T> action) {
        lock();
        try {
            return action.get();
        } finally {
            unlock();
        }
    }

    /** Runs the action under the lock. It must not run code of users. */
    public final void runLocked(Runnable action) {
        lock();
        try {
            action.run();
        } finally {
            unlock();
        }
    }

    /**
     * Runs the action under the lock if the lock is free, and returns whether it did. The action
     * must not run code of users.
     */
    public final boolean runIfFree(Runnable action) {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            action.run();
            return true;
        } finally {
            unlock();
        }
    }

    /** Returns whether no thread holds it or waits for it. */
    public final boolean isUnused() {
        return !lock.isLocked() && !lock.hasQueuedThreads();
    }
}
