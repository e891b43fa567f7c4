package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Whether the client of a request still waits for the response, and what runs when it leaves. As
 * soon as the response is a stream, its sink knows, and this only asks it. Thread-safe.
 */
final class ClientLife {
    private static final Logger LOG = System.getLogger("microdot");

    private @Nullable List<Runnable> actions;

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
        synchronized (this) {
            now = after;
            sink = stream;
            if (now == null && sink == null) {
                actions = actions == null ? new ArrayList<>(1) : actions;
                actions.add(logged);
                return;
            }
        }
        if (sink != null) {
            sink.afterClose(logged);
        } else if (now != null) {
            now.execute(logged);
        }
    }

    /** The response is a stream: its end is the client's. */
    void streams(BodySink sink) {
        List<Runnable> waiting;
        synchronized (this) {
            stream = sink;
            waiting = taken();
        }
        waiting.forEach(sink::afterClose);
    }

    /** The client has left before it got a response. The executor may block. */
    void leave(Executor executor) {
        List<Runnable> waiting;
        synchronized (this) {
            after = executor;
            waiting = taken();
        }
        waiting.forEach(executor::execute);
    }

    private List<Runnable> taken() {
        List<Runnable> all = actions;
        actions = null;
        return all == null ? List.of() : all;
    }

    private static void runLogged(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "an onClose of a request failed", e);
        }
    }
}
