package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs the handler of a run on a virtual thread. While the handler runs, the thread of the
 * deadlines checks whether somebody follows.
 */
final class RunThread implements Runnable, Deadlines.Timed {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final Run run;
    private final RunHandler handler;
    private final RunOptions options;
    private final Runnable finished;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile @Nullable Thread thread;

    // Confined to the thread of the deadlines.
    private int joined;
    private boolean alone;
    private long aloneSince;

    /**
     * @param finished called once when the handler no longer runs
     */
    RunThread(Run run, RunHandler handler, RunOptions options, Runnable finished) {
        this.run = run;
        this.handler = handler;
        this.options = options;
        this.finished = finished;
    }

    void start() {
        boolean started = false;
        try {
            Thread.ofVirtual().name("microdot-run").start(this);
            started = true;
        } finally {
            if (!started) { // There is no memory for a thread.
                run.end(RunEnd.FAILED);
                finish();
            }
        }
    }

    @Override
    public void run() {
        Throwable failure = null;
        try {
            if (run.life().begin()) {
                thread = Thread.currentThread();
                Deadlines.add(this);
                handler.handle(run);
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            thread = null;
            Deadlines.remove(this);
            run.life().finish();
        }
        try {
            ended(failure);
        } finally {
            finish();
        }
    }

    private void finish() {
        finished.run();
        done.countDown();
    }

    private void ended(@Nullable Throwable failure) {
        if (failure == null) {
            run.end(RunEnd.RETURNED);
        } else if (run.fail(options.errorText(failure, run))) {
            LOG.log(Level.ERROR, run + " failed; its clients were sent its end", failure);
        } else {
            LOG.log(Level.DEBUG, () -> run + " was stopped", failure);
        }
    }

    /**
     * Waits for the end of the handler.
     *
     * @param deadline when to give up, as {@link System#nanoTime} gives it
     */
    void await(long deadline) throws InterruptedException {
        boolean ended = done.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (!ended) {
            LOG.log(
                    Level.WARNING,
                    "the handler of "
                            + run
                            + " still runs at the end of closeTimeout, although it was"
                            + " interrupted");
        }
    }

    // ---- For the threads that watch code of the application ----

    @Override
    public @Nullable Thread thread() {
        return thread;
    }

    @Override
    public String name() {
        return "the handler of a run";
    }

    @Override
    public String advice() {
        return "let it leave work that blocks to a platform thread";
    }

    @Override
    public void checkDeadline(long now) {
        long longest = options.whenNobodyFollows().nanos();
        int joins = run.joined();
        if (longest < 0 || joins == 0) {
            return;
        }
        if (joins != joined || run.topic().followerCount() > 0) {
            joined = joins;
            alone = false;
        } else if (!alone) {
            alone = true;
            aloneSince = now;
        } else if (now - aloneSince >= longest) {
            run.end(RunEnd.NOBODY_FOLLOWS);
        }
    }
}
