package microdot.netty;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The end of a stream, which comes once, and what is to run then. From any thread. */
final class CloseActions {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final Runnable[] NONE = {};

    private Runnable[] actions = NONE;
    private boolean come;
    private @Nullable Thread teller; // Runs the actions.

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
            synchronized (this) {
                teller = null;
                notifyAll();
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
    synchronized void awaitTold() {
        boolean interrupted = false;
        while (teller != null && teller != Thread.currentThread()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
