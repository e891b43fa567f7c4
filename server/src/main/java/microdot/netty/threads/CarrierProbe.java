package microdot.netty.threads;

import java.util.concurrent.TimeUnit;

/** Starts one virtual thread after another, and measures how long they wait for their turn. */
final class CarrierProbe {
    /** More than this between two looks means that the process itself was paused. */
    private static final long MOST = TimeUnit.MILLISECONDS.toNanos(150);

    private volatile boolean answered = true;
    private long waited;

    /**
     * Returns for how long the last virtual thread has waited. If it ran, starts the next one.
     *
     * @param elapsed since the last call, in nanoseconds
     */
    long waited(long elapsed) {
        if (answered) {
            answered = false;
            waited = 0;
            Thread.startVirtualThread(() -> answered = true);
        } else {
            waited += Math.min(elapsed, MOST);
        }
        return waited;
    }
}
