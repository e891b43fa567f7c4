package microdot.internal;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A lock for a few instructions that event loops and virtual threads share. A thread that finds it
 * held tries again until it is free; it never joins a queue.
 *
 * <p>The reason: in the queue of a monitor or of a {@code ReentrantLock}, an event loop can wait
 * behind a virtual thread that gets the lock next. If handlers block every carrier thread, that
 * virtual thread cannot run, and the event loop waits for it although the lock is free. The holder
 * of this lock is always on a carrier thread, because it must not block, and so releases it soon.
 *
 * <p>Not reentrant. Classes that exist once for each stream extend it, so that a stream takes no
 * second object.
 */
public class BriefLock {
    private static final AtomicIntegerFieldUpdater<BriefLock> HELD =
            AtomicIntegerFieldUpdater.newUpdater(BriefLock.class, "held");

    /** About as long as the lock is held. */
    private static final int SPINS = 64;

    /**
     * The holder's thread does not run now: the kernel has taken its core. An interrupted thread
     * does not pause.
     */
    private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(20);

    private volatile int held;

    /** Takes the lock. Call {@link #unlock} in a {@code finally} block, and do not block before. */
    public final void lock() {
        if (!HELD.compareAndSet(this, 0, 1)) {
            lockHeld();
        }
    }

    private void lockHeld() {
        for (int tries = 0; held != 0 || !HELD.compareAndSet(this, 0, 1); tries++) {
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, PAUSE);
            }
        }
    }

    /** Releases the lock. */
    public final void unlock() {
        held = 0;
    }
}
