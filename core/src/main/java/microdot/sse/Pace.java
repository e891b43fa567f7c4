package microdot.sse;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import microdot.sse.log.EventLog;
import microdot.sse.log.TopicOrder;
import microdot.sse.log.TopicReaders;

/**
 * How often the followers of a table get changes, and the timer that wakes those whose changes are
 * withheld. All of them share one timer, rounded up to a sixteenth of the interval, so that many
 * followers cause few wake-ups.
 */
final class Pace {
    private static final ScheduledExecutorService TIMER =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("microdot-pace").daemon().factory());

    private static final long NONE = 0;

    private final TopicOrder order;
    private final EventLog log;
    private final TopicReaders readers;
    private final long interval;
    private final long grain;
    private final long start = System.nanoTime();

    /** The time of the next wake-up since the start, in nanoseconds. */
    private final AtomicLong armed = new AtomicLong(NONE);

    Pace(TopicOrder order, EventLog log, TopicReaders readers, long interval) {
        this.order = order;
        this.log = log;
        this.readers = readers;
        this.interval = interval;
        this.grain = Math.max(TimeUnit.MILLISECONDS.toNanos(1), interval / 16);
    }

    /** Returns whether a follower that got a change at the time may get another one now. */
    boolean isDue(long last) {
        boolean ending = order.isClosed() || log.closedAt() > 0;
        return ending || System.nanoTime() - last >= interval;
    }

    /** Wakes the followers when a change is due. On an event loop. */
    void wakeFor(long last) {
        long slot = ((last - start + interval) / grain + 1) * grain;
        long known = armed.get();
        if ((known == NONE || slot < known) && armed.compareAndSet(known, slot)) {
            // The timer has a lock with a queue, for which no event loop may wait.
            unarmedIfFails(slot, () -> FrameworkThreads.EXECUTOR.execute(() -> schedule(slot)));
        }
    }

    private void schedule(long slot) {
        long delay = Math.max(0, slot - (System.nanoTime() - start));
        unarmedIfFails(slot, () -> TIMER.schedule(() -> fire(slot), delay, TimeUnit.NANOSECONDS));
    }

    /** There may be no memory for a task: then the next change that is put off tries again. */
    private void unarmedIfFails(long slot, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            armed.compareAndSet(slot, NONE);
            throw e;
        }
    }

    private void fire(long slot) {
        armed.compareAndSet(slot, NONE);
        readers.wake();
    }
}
