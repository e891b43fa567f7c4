package microdot.netty;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import microdot.netty.loop.FatalErrors;
import microdot.netty.loop.LoopConnections;

/**
 * Watches the event loops of a server on a platform thread: reports a loop that is blocked, and a
 * failure after which the server cannot go on. The thread is started with the server, because with
 * a full heap none could be started.
 */
final class LoopWatch implements Runnable {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Collection<LoopConnections> loops;
    private final FatalErrors errors;
    private final long standstill;
    private final Consumer<Throwable> onFailure;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Creates a watch and starts its thread.
     *
     * @param standstill how long a loop may do nothing before it is reported, in nanoseconds
     * @param onFailure is called on the thread of the watch when the server cannot go on; again if
     *     it throws an {@link OutOfMemoryError}
     */
    LoopWatch(
            Collection<LoopConnections> loops,
            FatalErrors errors,
            long standstill,
            Consumer<Throwable> onFailure) {
        this.loops = loops;
        this.errors = errors;
        this.standstill = standstill;
        this.onFailure = onFailure;
        this.thread = Thread.ofPlatform().name("microdot-loop-watchdog").daemon().unstarted(this);
        errors.wake(thread);
        thread.start();
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void run() {
        long interval = Math.min(INTERVAL, standstill / 4);
        long last = System.nanoTime();
        while (!stopped) {
            Throwable failure = errors.first(); // This allocates nothing.
            if (failure != null) {
                report(failure);
                return;
            }
            LockSupport.parkNanos(this, interval);
            long now = System.nanoTime();
            guardedLook(now, now - last);
            last = now;
        }
    }

    /** With a full heap this may fail too: then it is tried again when some memory may be free. */
    private void report(Throwable failure) {
        boolean reported = false;
        while (!reported) {
            try {
                onFailure.accept(failure);
                reported = true;
            } catch (OutOfMemoryError e) {
                LockSupport.parkNanos(this, INTERVAL);
            }
        }
    }

    /** A failure must not end the watch, and may be one after which the server cannot go on. */
    private void guardedLook(long now, long elapsed) {
        try {
            look(now, elapsed);
        } catch (RuntimeException | Error e) {
            errors.check(e);
            // Where the heap is full, a log entry would fail too, and end the watch before it has
            // closed the server.
            if (!(e instanceof VirtualMachineError)) {
                LOG.log(Level.ERROR, "the watch of the event loops failed; it goes on", e);
            }
        }
    }

    private void look(long now, long elapsed) {
        for (LoopConnections loop : loops) {
            if (loop.hasEnded() && !stopped) {
                errors.report(new IllegalStateException("an event loop has ended"));
            }
            // After a pause of the whole process the loops have been still too.
            if (elapsed < standstill) {
                check(loop, now);
            }
        }
    }

    private void check(LoopConnections loop, long now) {
        Thread still = loop.standsStill(now, standstill);
        if (still != null) {
            var stack = new Throwable("the stack of " + still.getName());
            stack.setStackTrace(still.getStackTrace());
            // On its own thread: a log that nobody reads may be what the loop waits for.
            Thread.ofPlatform().name("microdot-log").daemon().start(() -> warn(still, stack));
        }
    }

    private static void warn(Thread still, Throwable stack) {
        LOG.log(
                Level.WARNING,
                () ->
                        "the event loop "
                                + still.getName()
                                + " is blocked; its connections get no data. Its stack:",
                stack);
    }
}
