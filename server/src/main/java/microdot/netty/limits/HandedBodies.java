package microdot.netty.limits;

import java.util.concurrent.atomic.AtomicLong;

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

    /**
     * Counts a body, until {@link #taken}. Returns false if there is no memory for it: then it does
     * not count, and must be released.
     */
    public boolean add(byte[] body) {
        long before = bytes.getAndAdd(body.length);
        boolean added = server.hand(body, before);
        if (!added) {
            bytes.addAndGet(-body.length);
        }
        return added;
    }

    /** The event loop has taken a body that was added, or never will. */
    public void taken(byte[] body) {
        bytes.addAndGet(-body.length);
        server.taken(body);
    }
}
