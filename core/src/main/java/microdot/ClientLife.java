package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * Whether the client of a request still waits for the response, what runs when it leaves, and which
 * thread is interrupted. As soon as the response is a stream, its sink knows, and this only asks
 * it. Thread-safe.
 */
final class ClientLife extends BriefLock {
    private static final Logger LOG = System.getLogger("microdot");

    // Guarded by the lock.
    private @Nullable List<Runnable> actions;
    private @Nullable Thread runner;
    private boolean abandoned;
    private @Nullable Runnable beginsToWait; // Set by the transport.
    private @Nullable Runnable wake; // Set by a handler that waits for events.
    private boolean stopping;

    /** Runs the actions; set when the client has left. */
    private volatile @Nullable Executor after;

    private volatile @Nullable BodySink stream;

    /** Returns false once the client has left. */
    boolean isOpen() {
        BodySink sink = stream;
        return sink == null ? after == null : sink.isOpen();
    }

    /** Runs the action once when the client leaves; at once if it has left already. */
    void onClose(Runnable action) {
        Runnable logged = () -> runLogged(action);
        Executor now;
        BodySink sink;
        lock();
        try {
            now = after;
            sink = stream;
            if (now == null && sink == null) {
                actions = actions == null ? new ArrayList<>(1) : actions;
                actions.add(logged);
                return;
            }
        } finally {
            unlock();
        }
        if (sink != null) {
            sink.afterClose(logged);
        } else if (now != null) {
            now.execute(logged);
        }
    }

    /** The response is a stream: its end is the client's. */
    void streams(BodySink sink) {
        stream = sink; // Before the actions are taken: a later action finds the stream.
        taken().forEach(sink::afterClose);
    }

    /** The client has left before it got a response. The executor may block. */
    void leave(Executor executor) {
        after = executor;
        taken().forEach(executor::execute);
    }

    private List<Runnable> taken() {
        lock();
        try {
            List<Runnable> all = actions;
            actions = null;
            return all == null ? List.of() : all;
        } finally {
            unlock();
        }
    }

    // ---- Handlers that wait for events ----

    void onWait(Runnable action) {
        lock();
        try {
            beginsToWait = action;
        } finally {
            unlock();
        }
    }

    /**
     * The handler waits for events from now on.
     *
     * @param waker runs when the server drains or stops
     * @return false if the server drains or stops already
     */
    boolean waits(Runnable waker) {
        Runnable begins;
        boolean stops;
        lock();
        try {
            begins = beginsToWait;
            beginsToWait = null;
            wake = waker;
            stops = stopping;
        } finally {
            unlock();
        }
        if (begins != null) {
            begins.run();
        }
        return !stops;
    }

    void stopWaiting() {
        Runnable waker;
        lock();
        try {
            stopping = true;
            waker = wake;
        } finally {
            unlock();
        }
        if (waker != null) {
            waker.run();
        }
    }

    // ---- The thread that responds ----

    /** Interrupts the thread that responds; if none has begun, {@link #begin} returns false. */
    void abandon() {
        lock();
        try {
            abandoned = true;
            if (runner != null) {
                runner.interrupt();
            }
        } finally {
            unlock();
        }
    }

    /** This thread responds. Returns false if the client has left: then no handler may run. */
    boolean begin() {
        lock();
        try {
            runner = Thread.currentThread();
            return !abandoned && after == null;
        } finally {
            unlock();
        }
    }

    /** The thread has responded: a later interrupt would hit whatever it does next. */
    void end() {
        lock();
        try {
            runner = null;
            if (abandoned) {
                Thread.interrupted();
            }
        } finally {
            unlock();
        }
    }

    /** Returns whether the thread that responds was interrupted, because its client has left. */
    boolean isAbandoned() {
        lock();
        try {
            return abandoned;
        } finally {
            unlock();
        }
    }

    private static void runLogged(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "an onClose of a request failed", e);
        }
    }
}
