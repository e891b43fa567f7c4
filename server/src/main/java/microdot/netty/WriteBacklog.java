package microdot.netty;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What any thread wrote to a stream and the socket has not taken yet. It is bounded: who would make
 * it longer than the limit waits until the socket has taken some. The lock is held for moments, and
 * released while a thread waits; on Java 21 a monitor would keep the carrier of a virtual thread
 * that waits.
 */
final class WriteBacklog {
    /** All that stood there at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
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
    boolean add(byte[] bytes) throws ClosedChannelException, InterruptedException {
        lock.lock();
        try {
            while (!closed && unread >= limit) {
                room.await();
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
        } finally {
            lock.unlock();
        }
    }

    @Nullable Taken take() {
        lock.lock();
        try {
            Queue<byte[]> all = parts;
            if (all == null) {
                return null;
            }
            var taken = new Taken(all, size);
            parts = null;
            size = 0;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The socket has so many bytes of what was taken, or never will: then the channel closes, and
     * {@link #close} follows.
     */
    void read(long bytes) {
        lock.lock();
        try {
            unread -= bytes;
            if (unread < limit) {
                room.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return unread == 0;
        } finally {
            lock.unlock();
        }
    }

    /** From now on nobody may add. What stands there can still be taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
