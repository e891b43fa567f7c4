package microdot.sse.log;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What an event loop has to deliver: the work that was woken. However many topics publish however
 * much, the loop has one task of this kind at a time.
 */
public final class DeliveryTask implements Runnable {
    // Long enough to be worth the switch, short enough for everything else on the loop. An event
    // published in between is delivered together with the one before to all readers that are still
    // to be served.
    private static final long SLICE = TimeUnit.MICROSECONDS.toNanos(300);

    private static final int RELEASED = -1;

    /** The followers that the loop serves; a task without any is released. */
    private final AtomicInteger followers = new AtomicInteger(1);

    private final Executor loop;
    private final Queue<Work> woken = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean armed = new AtomicBoolean();

    /** Work of one loop. */
    interface Work {
        /**
         * Delivers until all is delivered or the time is up.
         *
         * @param until as {@link System#nanoTime} gives it
         * @return false when the time was up first; the next call continues
         */
        boolean drain(long until);
    }

    /** With one follower. */
    DeliveryTask(Executor loop) {
        this.loop = loop;
    }

    boolean isOf(Executor other) {
        return loop.equals(other);
    }

    /** One follower more; returns false when the task is released. */
    boolean join() {
        int before = followers.getAndUpdate(count -> count == RELEASED ? RELEASED : count + 1);
        return before != RELEASED;
    }

    /** One follower fewer. From any thread. */
    public void leave() {
        followers.decrementAndGet();
    }

    /** Releases the task if it has no follower; returns whether it is released. */
    boolean release() {
        return followers.compareAndSet(0, RELEASED) || followers.get() == RELEASED;
    }

    /** From any thread. */
    void add(Work work) {
        woken.add(work);
        arm();
    }

    private void arm() {
        if (!armed.getAndSet(true)) {
            try {
                loop.execute(this);
            } catch (RejectedExecutionException e) {
                // The server has stopped and its followers with it: nothing is left to deliver to.
                woken.clear();
            } catch (RuntimeException | Error e) {
                armed.set(false); // There is no memory for the task: the next one serves.
                throw e;
            }
        }
    }

    @Override
    public void run() {
        // Clear the flag before polling: a publisher that enqueues after the last poll sees it
        // cleared and schedules another run.
        armed.set(false);
        long until = System.nanoTime() + SLICE;
        for (Work work = woken.poll(); work != null; work = woken.poll()) {
            if (!work.drain(until)) {
                add(work); // Last in the queue: it continues where it stopped.
                return;
            }
            if (System.nanoTime() - until > 0 && !woken.isEmpty()) {
                arm();
                return;
            }
        }
    }
}
