package microdot.netty;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * When those who are sent away shall come again: one after another, each at a moment of its own.
 * Moments drawn at random would bring as many on average, but in some second a good deal more: of
 * five hundred a second some sixty. Of any thread.
 */
final class ReconnectPacer {
    /** What a restart takes at least. */
    private static final long LEAST = TimeUnit.MILLISECONDS.toNanos(500);

    /** Nobody is told to wait longer because of others who are refused again and again. */
    private static final long LONGEST = TimeUnit.MINUTES.toNanos(1);

    // A time to come again is told in whole milliseconds: with this much added to a second it holds
    // no more, whichever way they are cut.
    private static final long SECOND = TimeUnit.MILLISECONDS.toNanos(1001);

    private final long apart;
    private final AtomicLong next;

    ReconnectPacer(int perSecond, long now) {
        apart = (SECOND + perSecond - 1) / perSecond;
        next = new AtomicLong(now);
    }

    /**
     * How long from now until the next moment that is free; it is taken by that.
     *
     * @param now by {@link System#nanoTime}
     * @param open how many there are who may have to be sent away: all of them get a moment
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
