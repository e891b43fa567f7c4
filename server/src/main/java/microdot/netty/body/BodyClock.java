package microdot.netty.body;

import java.util.concurrent.TimeUnit;
import microdot.ServerOptions;

/**
 * Counts the time for which the server waited for the bytes of one body. Time while the handler
 * does not read does not count. Not safe for use by several threads at the same time.
 */
final class BodyClock {
    private static final long GRACE = TimeUnit.SECONDS.toNanos(5);
    private static final double SECOND = TimeUnit.SECONDS.toNanos(1);

    private long waited;
    private long since; // When the present wait began; meaningless unless it runs.
    private boolean running;

    void start(long now) {
        if (!running) {
            running = true;
            since = now;
        }
    }

    void stop(long now) {
        if (running) {
            running = false;
            waited += now - since;
        }
    }

    /** Returns whether the body came too slowly; false while no thread waits for it. */
    boolean isLate(long now, long received, ServerOptions options) {
        if (!running) {
            return false;
        }
        long time = waited + now - since;
        double allowed =
                (double) options.bodyTimeout().toNanos() * (1 + received / options.maxBody());
        return time > allowed
                || (time > GRACE && received < (double) options.minRate() * (time / SECOND));
    }
}
