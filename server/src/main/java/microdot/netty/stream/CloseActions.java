package microdot.netty.stream;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import microdot.CloseReason;
import microdot.internal.BriefLock;
import microdot.internal.Uninterrupted;
import org.jspecify.annotations.Nullable;

/** The end of a stream, which happens once, and the actions that run then. Thread-safe. */
final class CloseActions extends BriefLock {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final Runnable[] NONE = {};

    private Runnable[] actions = NONE;
    private volatile @Nullable CloseReason reason; // Null until the end.
    private @Nullable Thread runner; // The thread that runs the actions, while it does.
    private @Nullable CountDownLatch done; // Made by the first thread that waits.

    /** Runs the action at the end of the stream, or at once if the stream has ended. */
    void add(Runnable action) {
        lock();
        try {
            if (reason == null) {
                actions = Arrays.copyOf(actions, actions.length + 1);
                actions[actions.length - 1] = action;
                return;
            }
        } finally {
            unlock();
        }
        action.run();
    }

    /** Returns whether this call ended the stream; if so, the caller must call {@link #run}. */
    boolean end(CloseReason why) {
        lock();
        try {
            if (reason != null) {
                return false;
            }
            reason = why;
            runner = Thread.currentThread();
            return true;
        } finally {
            unlock();
        }
    }

    /** Returns why the stream has ended; null while it is open. */
    @Nullable CloseReason reason() {
        return reason;
    }

    void run() {
        Runnable[] all = taken();
        try {
            for (Runnable action : all) {
                runGuarded(action);
            }
        } finally {
            CountDownLatch waiting = ran();
            if (waiting != null) {
                waiting.countDown();
            }
        }
    }

    private Runnable[] taken() {
        lock();
        try {
            Runnable[] all = actions;
            actions = NONE;
            return all;
        } finally {
            unlock();
        }
    }

    private @Nullable CountDownLatch ran() {
        lock();
        try {
            runner = null;
            return done;
        } finally {
            unlock();
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
    void awaitRun() {
        CountDownLatch latch;
        lock();
        try {
            if (runner == null || runner == Thread.currentThread()) {
                return;
            }
            latch = done == null ? new CountDownLatch(1) : done;
            done = latch;
        } finally {
            unlock();
        }
        Uninterrupted.await(latch::await); // Without the lock.
    }
}
