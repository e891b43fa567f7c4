package microdot.sse;

import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * Ties the thread of a run's handler to the end of the run. The thread is interrupted at most once,
 * and only while the handler runs: a later interrupt would hit what the framework does next.
 */
final class RunLife extends BriefLock {
    private @Nullable Thread thread; // Null when the handler must not be interrupted.
    private boolean cancelled;

    /** Begins on the handler's thread. Returns false if the run has ended already. */
    boolean begin() {
        lock();
        try {
            thread = cancelled ? null : Thread.currentThread();
            return !cancelled;
        } finally {
            unlock();
        }
    }

    /** The run has ended: interrupts the handler, unless the handler is the caller. */
    void cancel() {
        lock();
        try {
            cancelled = true;
            Thread running = thread;
            if (running != null && running != Thread.currentThread()) {
                thread = null;
                running.interrupt();
            }
        } finally {
            unlock();
        }
    }

    /** The handler has returned or failed. */
    void finish() {
        lock();
        try {
            thread = null;
            Thread.interrupted();
        } finally {
            unlock();
        }
    }
}
