package microdot.netty.limits;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of responses that the handlers of one connection have made and that its event loop has
 * not taken yet. They count in the memory of the server: while an event loop is busy, handlers
 * could make more than the heap holds. Thread-safe.
 */
public final class HandedBodies {
    /** Shorter bodies need not be added: their requests, which count, take as much. */
    public static final int LEAST = 1 << 10;

    private final WaitingMemory server;
    private final AtomicLong bytes = new AtomicLong();

    /** Creates the bodies of a connection: none at first. */
    public HandedBodies(WaitingMemory server) {
        this.server = server;
    }

    /** Returns whether a handler of the connection may make one more body now. */
    public boolean mayMake() {
        return !server.isFull() || server.mayMake(bytes.get());
    }

    /**
     * Counts a body.
     *
     * @return what ends that, when the event loop has taken the body or never will: the first run
     *     counts. Null if there is no memory for the body: then it does not count, and must be
     *     released
     */
    public @Nullable Runnable add(byte[] body) {
        var handed = new Handed(body);
        long before = bytes.getAndAdd(body.length);
        boolean added = false;
        try {
            added = server.hand(body, before);
        } finally {
            if (!added) {
                bytes.addAndGet(-body.length);
            }
        }
        return added ? handed : null;
    }

    private final class Handed implements Runnable {
        private final byte[] body;
        private final AtomicBoolean ended = new AtomicBoolean();

        Handed(byte[] body) {
            this.body = body;
        }

        @Override
        public void run() {
            if (ended.compareAndSet(false, true)) {
                bytes.addAndGet(-body.length);
                server.taken(body);
            }
        }
    }
}
