package dashboard;

import org.jspecify.annotations.Nullable;

/** Turns two growing counts of bytes into bytes a second. */
final class Meter {
    private long lastIn;
    private long lastOut;
    private long lastNanos;
    private boolean started;

    /** The rate since the last call; null for the first one, which has nothing to compare with. */
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
     * A counter that went back belongs to a device that left or started anew: no rate, rather than
     * a negative one.
     */
    private static long perSecond(long bytes, double seconds) {
        return Math.round(Math.max(0, bytes) / seconds);
    }
}
