package microdot.netty;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The end of a stream, which comes once, and what is to run then. From any thread. */
final class CloseActions {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final Runnable[] NONE = {};

    private Runnable[] actions = NONE;
    private boolean come;
    private @Nullable Thread teller; // Runs the actions.
    private @Nullable CountDownLatch told; // Made by the first thread that waits.

    /** Runs it at the end, or at once when that has come. */
    void add(Runnable action) {
        synchronized (this) {
            if (!come) {
                actions = Arrays.copyOf(actions, actions.length + 1);
                actions[actions.length - 1] = action;
                return;
            }
        }
        action.run();
    }

    /** Whether it comes with this call, whose thread then has to {@link #tell}. */
    synchronized boolean come() {
        if (come) {
            return false;
        }
        come = true;
        teller = Thread.currentThread();
        return true;
    }

    void tell() {
        Runnable[] all;
        synchronized (this) {
            all = actions;
            actions = NONE;
        }
        try {
            for (Runnable action : all) {
                runGuarded(action);
            }
        } finally {
            CountDownLatch waiting;
            synchronized (this) {
                teller = null;
                waiting = told;
            }
            if (waiting != null) {
                waiting.countDown();
            }
        }
    }

    /** One that fails does not keep the others from being told. */
    private static void runGuarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "what was to run at a stream's end failed", e);
        }
    }

    /** Waits, once it has come, until all actions have run; not on the thread that runs them. */
    void awaitTold() {
        CountDownLatch latch;
        synchronized (this) {
            if (teller == null || teller == Thread.currentThread()) {
                return;
            }
            latch = told == null ? new CountDownLatch(1) : told;
            told = latch;
        }
        awaitUninterrupted(latch);
    }

    /** Outside the monitor: on Java 21 a virtual thread that waits inside one keeps its carrier. */
    private static void awaitUninterrupted(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
