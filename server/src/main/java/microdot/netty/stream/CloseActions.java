package microdot.netty.stream;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The end of a stream, which happens once, and the actions that run then. Thread-safe. */
final class CloseActions {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final Runnable[] NONE = {};

    private Runnable[] actions = NONE;
    private boolean ended;
    private @Nullable Thread runner; // The thread that runs the actions, while it does.

    /** Runs the action at the end of the stream, or at once if the stream has ended. */
    void add(Runnable action) {
        synchronized (this) {
            if (!ended) {
                actions = Arrays.copyOf(actions, actions.length + 1);
                actions[actions.length - 1] = action;
                return;
            }
        }
        action.run();
    }

    /** Returns whether this call ended the stream; if so, the caller must call {@link #run}. */
    synchronized boolean end() {
        if (ended) {
            return false;
        }
        ended = true;
        runner = Thread.currentThread();
        return true;
    }

    void run() {
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
                runner = null;
                notifyAll();
            }
        }
    }

    /** A failed action does not keep the others from running. */
    private static void runGuarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a close action of a stream failed; the others still run", e);
        }
    }

    /** Waits until all actions of an ended stream have run, except on the thread that runs them. */
    synchronized void awaitRun() {
        boolean interrupted = false;
        while (runner != null && runner != Thread.currentThread()) {
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
