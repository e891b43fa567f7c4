package microdot;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Halts a process that {@link Microdot#run} serves, if it has not ended in time after SIGTERM or
 * after a failure of its server. Its thread starts with the process, waits for nothing else and
 * allocates nothing. So a busy handler, a full stderr pipe or a full heap cannot delay it.
 */
final class ProcessEnd implements Runnable {
    /** What the JVM uses with {@code -XX:+ExitOnOutOfMemoryError}. */
    private static final int FAILED = 3;

    private static final int TERMINATED = 128 + 15;

    /**
     * The time beyond closeTimeout. It is half of the second that {@code run} promises, because the
     * end itself takes 0.3 s on a machine whose cores are all busy.
     */
    private static final long MORE = TimeUnit.MILLISECONDS.toNanos(500);

    private final long longest;
    private final Thread thread;
    private volatile int status;

    /**
     * Starts the thread, which waits.
     *
     * @param closeTimeout how long the server may take to close
     */
    ProcessEnd(Duration closeTimeout) {
        this.longest = closeTimeout.toNanos() + MORE;
        this.thread = Thread.ofPlatform().name("microdot-end").daemon().start(this);
    }

    @Override
    public void run() {
        while (status == 0) {
            LockSupport.park(this);
        }
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < longest) {
            LockSupport.parkNanos(this, longest - (System.nanoTime() - begun));
        }
        Runtime.getRuntime().halt(status);
    }

    private void haltLater(int value) {
        if (status == 0) {
            status = value;
            LockSupport.unpark(thread);
        }
    }

    /** Called when the JVM shuts down, by SIGTERM or exit: halts it if it has not ended in time. */
    void terminated() {
        haltLater(TERMINATED);
    }

    /** Returns what ends the process after a failure of its server. */
    Consumer<Throwable> onFailure(@Nullable Consumer<Throwable> ofApplication) {
        return failure -> {
            haltLater(FAILED);
            try {
                System.err.println(
                        "microdot: the server cannot go on: " + failure + "; the process ends");
                if (ofApplication != null) {
                    ofApplication.accept(failure);
                }
            } finally {
                System.exit(FAILED);
            }
        };
    }
}
