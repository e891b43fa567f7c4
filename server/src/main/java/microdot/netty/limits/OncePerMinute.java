package microdot.netty.limits;

import java.util.concurrent.TimeUnit;
import microdot.internal.BriefLock;

/** Allows one log entry of a kind in a minute, and counts the others. Thread-safe. */
public final class OncePerMinute extends BriefLock {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private long next;
    private long events;
    private boolean begun;

    /**
     * Counts an event. Returns how many there were since the last entry if an entry is due now;
     * else 0.
     *
     * @param now from {@link System#nanoTime}
     */
    public long due(long now) {
        lock();
        try {
            return count(now);
        } finally {
            unlock();
        }
    }

    private long count(long now) {
        events++;
        if (begun && now - next < 0) {
            return 0;
        }
        begun = true;
        next = now + MINUTE;
        long count = events;
        events = 0;
        return count;
    }
}
