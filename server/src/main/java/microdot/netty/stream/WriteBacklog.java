package microdot.netty.stream;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that threads wrote to a stream and that the socket has not taken yet. A writer blocks
 * while the limit is reached, until the socket has taken some. The monitor is held only for
 * moments, and released while a writer waits.
 */
final class WriteBacklog {
    /** Everything that waited at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    private final int limit;
    private @Nullable Queue<byte[]> parts;
    private long size;
    private long unflushed; // Bytes that wait here or were taken and not flushed.
    private boolean closed;

    WriteBacklog(int limit) {
        this.limit = limit;
    }

    /**
     * Waits for room and appends the bytes.
     *
     * @return true if the backlog was empty: the caller must schedule a {@link #take}
     */
    synchronized boolean add(byte[] bytes) throws ClosedChannelException, InterruptedException {
        while (!closed && unflushed >= limit) {
            wait();
        }
        if (closed) {
            throw new ClosedChannelException();
        }
        size += bytes.length;
        unflushed += bytes.length;
        Queue<byte[]> all = parts;
        if (all != null) {
            all.add(bytes);
            return false;
        }
        parts = new ArrayDeque<>(2);
        parts.add(bytes);
        return true;
    }

    /** Takes everything that waits; null if nothing does. */
    synchronized @Nullable Taken take() {
        Queue<byte[]> all = parts;
        if (all == null) {
            return null;
        }
        var taken = new Taken(all, size);
        parts = null;
        size = 0;
        return taken;
    }

    /**
     * Frees room: the socket has taken this many of the bytes that were taken from here. Also
     * called when it never will; then the channel closes, and {@link #close} follows.
     */
    synchronized void flushed(long bytes) {
        unflushed -= bytes;
        if (unflushed < limit) {
            notifyAll();
        }
    }

    synchronized boolean isEmpty() {
        return unflushed == 0;
    }

    /** Refuses further bytes and wakes all writers. What waits can still be taken. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
