package microdot.netty.stream;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import microdot.internal.BriefLock;
import microdot.netty.limits.WaitingMemory;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that threads wrote to a stream and that the socket has not taken yet. A writer blocks
 * while the limit is reached, until the socket has taken some. It waits without the lock.
 */
final class WriteBacklog extends BriefLock {
    /** Everything that waited at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    /** Bytes are counted from this size on, all that wait: small writes cost nothing. */
    private static final int LUMP = 16 << 10;

    private final int limit;
    private final WaitingMemory memory;

    // Guarded by the lock.
    private @Nullable Queue<byte[]> parts;
    private long size;
    private long counted; // The bytes of them that the memory of the server knows.
    private long unflushed; // Bytes that wait here or were taken and not flushed.
    private boolean closed;
    private @Nullable CountDownLatch room; // Made by the first writer that waits.

    WriteBacklog(int limit, WaitingMemory memory) {
        this.limit = limit;
        this.memory = memory;
    }

    /**
     * Waits for room and appends the bytes.
     *
     * @param observed counts them as an event; null if nothing does
     * @return true if the backlog was empty: the caller must schedule a {@link #take}
     */
    boolean add(byte[] bytes, @Nullable StreamCount observed)
            throws ClosedChannelException, InterruptedException {
        while (true) {
            CountDownLatch wait;
            long uncounted = 0;
            lock();
            try {
                if (closed) {
                    throw new ClosedChannelException();
                }
                if (unflushed < limit) {
                    if (observed != null) {
                        observed.addEvents(1); // Before the event loop can send it.
                    }
                    boolean first = append(bytes);
                    uncounted = count();
                    return first;
                }
                wait = room == null ? new CountDownLatch(1) : room;
                room = wait;
            } finally {
                unlock();
                if (uncounted > 0) {
                    memory.waits(uncounted);
                }
            }
            await(wait);
        }
    }

    /** A stream that ends wakes its writer and then interrupts the handler: the end counts. */
    private void await(CountDownLatch wait) throws InterruptedException, ClosedChannelException {
        try {
            wait.await();
        } catch (InterruptedException e) {
            if (isClosed()) {
                Thread.currentThread().interrupt();
                throw new ClosedChannelException();
            }
            throw e;
        }
    }

    private boolean isClosed() {
        lock();
        try {
            return closed;
        } finally {
            unlock();
        }
    }

    private boolean append(byte[] bytes) {
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

    /** Returns how many more bytes are now to be counted. */
    private long count() {
        long counts = memory.counted(size);
        long uncounted = counts - counted;
        if (uncounted < LUMP) {
            return 0;
        }
        counted = counts;
        return uncounted;
    }

    /** Takes everything that waits; null if nothing does. */
    @Nullable Taken take() {
        lock();
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
            unlock();
        }
    }

    /**
     * Frees room: the socket has taken this many of the bytes that were taken from here. Also
     * called when it never will; then the channel closes, and {@link #close} follows.
     */
    void flushed(long bytes) {
        CountDownLatch waiting = null;
        lock();
        try {
            unflushed -= bytes;
            if (unflushed < limit) {
                waiting = room;
                room = null;
            }
        } finally {
            unlock();
        }
        wake(waiting);
    }

    private static void wake(@Nullable CountDownLatch waiting) {
        if (waiting != null) {
            waiting.countDown();
        }
    }

    boolean isEmpty() {
        lock();
        try {
            return unflushed == 0;
        } finally {
            unlock();
        }
    }

    /** Refuses further bytes and wakes all writers. What waits can still be taken. */
    void close() {
        CountDownLatch waiting;
        lock();
        try {
            closed = true;
            waiting = room;
            room = null;
        } finally {
            unlock();
        }
        wake(waiting);
    }
}
