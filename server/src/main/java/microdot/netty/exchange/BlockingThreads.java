package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The platform threads of the handlers that {@link microdot.Microdot#blocking} made. They are
 * started when needed, and end after a while without work.
 */
final class BlockingThreads {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long WARN_EVERY = TimeUnit.MINUTES.toNanos(1);

    private final ThreadPoolExecutor executor;
    private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - WARN_EVERY);

    BlockingThreads(int threads) {
        executor =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(threads),
                        Thread.ofPlatform().name("microdot-blocking-", 1).daemon().factory());
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs the work as soon as a thread is free. Returns false if all are busy and as much work
     * waits.
     */
    boolean execute(Runnable work) {
        try {
            executor.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            if (!executor.isShutdown()) {
                warn();
            }
            return false;
        }
    }

    private void warn() {
        long last = warnedAt.get();
        long now = System.nanoTime();
        if (now - last >= WARN_EVERY && warnedAt.compareAndSet(last, now)) {
            LOG.log(
                    Level.WARNING,
                    () ->
                            "all threads for blocking handlers are busy, and as many requests wait;"
                                    + " further ones are rejected with 503 (blockingThreads: "
                                    + executor.getMaximumPoolSize()
                                    + ")");
        }
    }

    /** Drops and returns the work that waits for a thread. */
    List<Runnable> drop() {
        List<Runnable> waiting = new ArrayList<>();
        executor.getQueue().drainTo(waiting);
        return waiting;
    }

    /** Ends the threads that wait for work. */
    void close() {
        executor.shutdown();
    }
}
