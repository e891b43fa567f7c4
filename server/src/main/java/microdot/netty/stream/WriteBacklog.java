package microdot.netty.stream;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.netty.limits.WaitingMemory;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that threads wrote to a stream and that the socket has not taken yet. A writer blocks
 * while the limit is reached, until the socket has taken some. The lock is held only for moments,
 * and released while a writer waits; on Java 21 a monitor would keep the carrier of a virtual
 * thread that waits.
 */
final class WriteBacklog {
    /** Everything that waited at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    /** Bytes are counted from this size on, all that wait: small writes cost nothing. */
    private static final int LUMP = 16 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final int limit;
    private final WaitingMemory memory;
    private @Nullable Queue<byte[]> parts;
    private long size;
    private long counted; // The bytes of them that the memory of the server knows.
    private long unflushed; // Bytes that wait here or were taken and not flushed.
    private boolean closed;

    WriteBacklog(int limit, WaitingMemory memory) {
        this.limit = limit;
        this.memory = memory;
    }

    /**
     * Waits for room and appends the bytes.
     *
     * @return true if the backlog was empty: the caller must schedule a {@link #take}
     */
    boolean add(byte[] bytes) throws ClosedChannelException, InterruptedException {
        long uncounted = 0;
        lock.lock();
        try {
            while (!closed && unflushed >= limit) {
                room.await();
            }
            if (closed) {
                throw new ClosedChannelException();
            }
            size += bytes.length;
            unflushed += bytes.length;
            long counts = memory.counted(size);
            if (counts - counted >= LUMP) {
                uncounted = counts - counted;
                counted = counts;
            }
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
            if (uncounted > 0) {
                memory.waits(uncounted);
            }
        }
    }

    /** Takes everything that waits; null if nothing does. */
    @Nullable Taken take() {
        lock.lock();
        try {
            Queue<byte[]> all = parts;
            if (all == null) {
                return null;
            }
            var taken = new Taken(all, size);
            if (counted > 0) {
                memory.taken(counted);
            }
            parts = null;
            size = 0;
            counted = 0;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Frees room: the socket has taken this many of the bytes that were taken from here. Also
     * called when it never will; then the channel closes, and {@link #close} follows.
     */
    void flushed(long bytes) {
        lock.lock();
        try {
            unflushed -= bytes;
            if (unflushed < limit) {
                room.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return unflushed == 0;
        } finally {
            lock.unlock();
        }
    }

    /** Refuses further bytes and wakes all writers. What waits can still be taken. */
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
