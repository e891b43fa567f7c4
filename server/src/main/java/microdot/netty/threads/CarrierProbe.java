package microdot.netty.threads;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Starts one virtual thread after another, and measures how long they wait to be scheduled. */
final class CarrierProbe {
    /** More than this between two looks means that the process itself was paused. */
    private static final long MOST = TimeUnit.MILLISECONDS.toNanos(150);

    private final Consumer<Runnable> starter;
    private volatile boolean answered = true;
    private long waited;

    /**
     * @param starter starts a virtual thread
     */
    CarrierProbe(Consumer<Runnable> starter) {
        this.starter = starter;
    }

    /**
     * Returns for how long the last virtual thread has waited. If it ran, starts the next one.
     *
     * @param elapsed since the last call, in nanoseconds
     */
    long waited(long elapsed) {
        if (answered) {
            waited = 0;
            begin();
        } else {
            waited += Math.min(elapsed, MOST);
        }
        return waited;
    }

    private void begin() {
        answered = false;
        try {
            starter.accept(() -> answered = true);
        } catch (RuntimeException | Error e) {
            answered = true; // Without a thread, nothing waits: the next look tries again.
            throw e;
        }
    }
}
