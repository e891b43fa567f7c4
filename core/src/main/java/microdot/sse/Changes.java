package microdot.sse;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one topic, one at a time: {@link Topics#publish(String, Supplier)}. Its lock
 * covers a change and the append of its event, so that the log has the order of the changes. It is
 * the only lock that is held while code of the application runs. A snapshot never takes it: it
 * compares how many changes had started and finished before and after it.
 *
 * <p>Every method may be called from any thread.
 */
final class Changes {
    // A change that waits for an application's own lock must not block its topic for ever.
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);

    /** What the thread runs that must not change another topic; null for nothing. */
    private static final ThreadLocal<@Nullable Object> RUNNING = new ThreadLocal<>();

    private static final Object SNAPSHOT = new Object();

    private final String topic;

    // Fair: with barging, a publisher in a loop could keep the others waiting past the limit.
    private final ReentrantLock lock = new ReentrantLock(true);
    private final AtomicReference<@Nullable Runnable> wanted = new AtomicReference<>();

    // Written under the lock.
    private volatile long started;
    private volatile long finished;

    private final ReentrantLock finishing = new ReentrantLock();
    private final Condition finish = finishing.newCondition();
    private volatile int waiting; // Written under `finishing`.

    Changes(String topic) {
        this.topic = topic;
    }

    /**
     * Runs a change and the append of its event.
     *
     * @throws IllegalStateException when this thread changes another topic or takes a snapshot, or
     *     when another change of this topic takes longer than a second; nothing was run then
     */
    <T> T run(Supplier<T> change) {
        refuseInside();
        enter();
        try {
            return lock.getHoldCount() > 1 ? change.get() : first(change);
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // Under the lock.
    private <T> T first(Supplier<T> change) {
        RUNNING.set(this);
        started++;
        try {
            return change.get();
        } finally {
            finished++;
            signalFinish();
            help();
            RUNNING.remove();
        }
    }

    private void refuseInside() {
        Object running = RUNNING.get();
        if (running == SNAPSHOT) {
            throw new IllegalStateException(
                    "topic: "
                            + Quoted.whole(topic)
                            + " (expected: no publish(topic, change) within a snapshot's"
                            + " supplier)");
        }
        if (running instanceof Changes other && other != this) {
            throw new IllegalStateException(
                    "topic: "
                            + Quoted.whole(topic)
                            + " (expected: no publish(topic, change) within a change of topic "
                            + Quoted.whole(other.topic)
                            + ", because two such changes can wait for each other; publish after"
                            + " it)");
        }
    }

    private void enter() {
        boolean interrupted = false;
        try {
            long end = System.nanoTime() + LONGEST_WAIT;
            while (true) {
                try {
                    if (lock.tryLock(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                        return;
                    }
                    throw new IllegalStateException(
                            "topic: "
                                    + Quoted.whole(topic)
                                    + " (expected: a change within 1 s, but another change of"
                                    + " this topic still runs, or waits for a lock that this thread"
                                    + " holds; nothing was changed or published)");
                } catch (InterruptedException e) {
                    interrupted = true; // Ignored here: the wait is at most 1 s.
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void signalFinish() {
        // A waiter raises the number before it reads what has finished.
        if (waiting > 0) {
            finishing.lock();
            try {
                finish.signalAll();
            } finally {
                finishing.unlock();
            }
        }
    }

    private void help() {
        Runnable task = wanted.get() == null ? null : wanted.getAndSet(null);
        if (task != null) {
            task.run();
        }
    }

    // ---- For snapshots ----

    /** Runs the code of a snapshot, in which no topic may be changed. */
    static <T> T inSnapshot(Supplier<T> code) {
        Object before = RUNNING.get();
        RUNNING.set(SNAPSHOT);
        try {
            return code.get();
        } finally {
            if (before == null) {
                RUNNING.remove();
            } else {
                RUNNING.set(before);
            }
        }
    }

    /** Returns how many changes have started. */
    long started() {
        return started;
    }

    /**
     * Returns how many changes have started, once all of them have finished; -1 when a change
     * finished and the next one had started already.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // Under the lock.
    long awaitQuiet() throws InterruptedException {
        finishing.lockInterruptibly();
        try {
            waiting++;
            long before = finished;
            while (finished == before && started != before) {
                finish.await();
            }
            long seen = started;
            return finished == seen ? seen : -1;
        } finally {
            waiting--;
            finishing.unlock();
        }
    }

    /**
     * Lets the next change run the task after its append, while no other change can start. Replaces
     * a task that was set before. The task must not throw.
     */
    void afterNext(Runnable task) {
        wanted.set(task);
    }

    /** Takes the task back, if no change has taken it. */
    void withdraw(Runnable task) {
        wanted.compareAndSet(task, null);
    }
}
