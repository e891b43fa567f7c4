package microdot.netty.limits;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import microdot.ClosingFrames;

/**
 * Spaces the reconnect delays of rejected and disconnected clients, one client after another.
 * Random delays give the same average rate but higher peaks: with 500 a second, some seconds would
 * bring about 60 more. Thread-safe.
 */
final class ReconnectPacer {
    private static final long LEAST = ClosingFrames.MIN_RECONNECT_DELAY.toNanos();

    /** The longest delay that clients get because others are rejected again and again. */
    private static final long LONGEST = TimeUnit.MINUTES.toNanos(1);

    // Delays are sent in whole milliseconds. With one millisecond more, no second brings more
    // clients than configured, however the delays are rounded.
    private static final long SECOND = TimeUnit.MILLISECONDS.toNanos(1001);

    private final long apart;
    private final AtomicLong next;

    ReconnectPacer(int perSecond, long now) {
        apart = (SECOND + perSecond - 1) / perSecond;
        next = new AtomicLong(now);
    }

    /**
     * Takes the next free reconnect time and returns the delay until then.
     *
     * @param now from {@link System#nanoTime}
     * @param open the number of clients that may have to be disconnected: each gets its own time
     */
    Duration take(long now, int open) {
        long earliest = now + LEAST;
        long furthest = earliest + Math.max(LONGEST, open * apart);
        while (true) {
            long free = next.get();
            long moment = free - earliest > 0 ? free : earliest;
            if (moment - furthest > 0) {
                long any = ThreadLocalRandom.current().nextLong(furthest - earliest);
                return Duration.ofNanos(LEAST + any);
            }
            if (next.compareAndSet(free, moment + apart)) {
                return Duration.ofNanos(moment - now);
            }
        }
    }
}
