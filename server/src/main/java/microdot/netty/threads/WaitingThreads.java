package microdot.netty.threads;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The threads that wait for a condition. Whoever makes it true calls {@link #signal}, which takes
 * no lock: an event loop may call it.
 */
public final class WaitingThreads {
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

    /**
     * Waits until the condition is true.
     *
     * @param deadline a time of {@link System#nanoTime}
     * @return false if the deadline came first
     */
    public boolean await(BooleanSupplier condition, long deadline) throws InterruptedException {
        Thread self = Thread.currentThread();
        threads.add(self); // Before the check: a later change finds this thread.
        try {
            while (!condition.getAsBoolean()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                LockSupport.parkNanos(this, left);
            }
            return true;
        } finally {
            threads.remove(self);
        }
    }

    /** Lets the threads look at the condition again. From any thread. */
    public void signal() {
        threads.forEach(LockSupport::unpark);
    }
}
