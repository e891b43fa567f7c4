package dashboard;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Runs a task periodically on its own platform thread: reading sensors calls native code, which
 * would keep a virtual thread's carrier busy.
 */
final class Ticker implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Ticker.class.getName());

    private final ScheduledExecutorService thread;

    private Ticker(ScheduledExecutorService thread) {
        this.thread = thread;
    }

    static Ticker every(Duration period, String name, Runnable task) {
        var thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name(name).factory());
        var _ =
                thread.scheduleAtFixedRate(
                        () -> run(name, task),
                        period.toNanos(),
                        period.toNanos(),
                        TimeUnit.NANOSECONDS);
        return new Ticker(thread);
    }

    /** A failed reading must not end all later readings, as an exception in the executor would. */
    private static void run(String name, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, name + " failed; the next run tries again", e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
