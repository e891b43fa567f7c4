package microdot.netty;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What any thread wrote to a stream and the socket has not taken yet. It is bounded: who would make
 * it longer than the limit waits until the socket has taken some. The monitor is held for moments,
 * and given up while somebody waits.
 */
final class WriteBacklog {
    /** All that stood there at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    private final int limit;
    private @Nullable Queue<byte[]> parts;
    private long size;
    private long unread; // Bytes that stand here or are in the socket's hands.
    private boolean closed;

    WriteBacklog(int limit) {
        this.limit = limit;
    }

    /**
     * Waits for room and puts the bytes last. True when they are the first, and somebody has to be
     * told to take.
     */
    synchronized boolean add(byte[] bytes) throws ClosedChannelException, InterruptedException {
        while (!closed && unread >= limit) {
            wait();
        }
        if (closed) {
            throw new ClosedChannelException();
        }
        size += bytes.length;
        unread += bytes.length;
        Queue<byte[]> all = parts;
        if (all != null) {
            all.add(bytes);
            return false;
        }
        parts = new ArrayDeque<>(2);
        parts.add(bytes);
        return true;
    }

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
     * The socket has so many bytes of what was taken, or never will: then the channel closes, and
     * {@link #close} follows.
     */
    synchronized void read(long bytes) {
        unread -= bytes;
        if (unread < limit) {
            notifyAll();
        }
    }

    synchronized boolean isEmpty() {
        return unread == 0;
    }

    /** From now on nobody may add. What stands there can still be taken. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
