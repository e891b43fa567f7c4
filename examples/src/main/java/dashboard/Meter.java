package dashboard;

import org.jspecify.annotations.Nullable;

/** Converts two growing counts of bytes to bytes per second. */
final class Meter {
    private long lastIn;
    private long lastOut;
    private long lastNanos;
    private boolean started;

    /** Returns the rate since the last call; null for the first call. */
    Sample.@Nullable Rate rate(long in, long out, long nanos) {
        double seconds = (nanos - lastNanos) / 1e9;
        Sample.Rate rate =
                started && seconds > 0
                        ? new Sample.Rate(
                                perSecond(in - lastIn, seconds), perSecond(out - lastOut, seconds))
                        : null;
        lastIn = in;
        lastOut = out;
        lastNanos = nanos;
        started = true;
        return rate;
    }

    /**
     * A counter that went back belongs to a device that was removed or restarted: the rate is zero,
     * not negative.
     */
    private static long perSecond(long bytes, double seconds) {
        return Math.round(Math.max(0, bytes) / seconds);
    }
}
