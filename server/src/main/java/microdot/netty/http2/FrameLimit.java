package microdot.netty.http2;

import java.util.concurrent.TimeUnit;

/** Limits how often a client may do something in a period of time. Confined to the event loop. */
final class FrameLimit {
    private final int most;
    private final long period;
    private long began = System.nanoTime();
    private int count; // In this period.

    FrameLimit(int most, int seconds) {
        this.most = most;
        this.period = TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Counts once more; returns whether that is too often. */
    boolean isExceeded() {
        long now = System.nanoTime();
        if (now - began > period) {
            began = now;
            count = 0;
        }
        return ++count > most;
    }
}
