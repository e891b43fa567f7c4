package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
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
        this(threads, Thread.ofPlatform().name("microdot-blocking-", 1).daemon().factory());
    }

    /** With threads of this factory, for tests. */
    BlockingThreads(int threads, ThreadFactory factory) {
        executor =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(threads),
                        factory);
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs the work as soon as a thread is free. Returns false if all are busy and as much work
     * waits, or if the system starts no further thread: that is no fault of the heap, and the
     * server goes on.
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
        } catch (OutOfMemoryError e) {
            if (!String.valueOf(e.getMessage()).contains("native thread")) {
                throw e;
            }
            warnOfSystem(e);
            return false;
        }
    }

    private void warnOfSystem(OutOfMemoryError reason) {
        if (isWarningDue()) {
            LOG.log(
                    Level.WARNING,
                    "no thread for a blocking handler can be started; requests are rejected with"
                            + " 503: "
                            + reason.getMessage());
        }
    }

    private boolean isWarningDue() {
        long last = warnedAt.get();
        long now = System.nanoTime();
        return now - last >= WARN_EVERY && warnedAt.compareAndSet(last, now);
    }

    private void warn() {
        if (isWarningDue()) {
            LOG.log(
                    Level.WARNING,
                    () ->
                            "all threads for blocking handlers are busy, and as many requests wait;"
                                    + " further ones are rejected with 503 (blockingThreads: "
                                    + executor.getMaximumPoolSize()
                                    + ")");
        }
    }

    /** Returns how much work waits for a thread. */
    int queued() {
        return executor.getQueue().size();
    }

    /** Returns whether the work waited for a thread; then it does no longer, and is not run. */
    boolean remove(Runnable work) {
        return executor.remove(work);
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
