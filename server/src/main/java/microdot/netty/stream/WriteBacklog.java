package microdot.netty.stream;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that threads wrote to a stream and that the socket has not taken yet. A writer blocks
 * while the limit is reached, until the socket has taken some. It waits without the lock.
 */
final class WriteBacklog extends BriefLock {
    /** Everything that waited at one moment. */
    record Taken(Queue<byte[]> parts, long size) {}

    private final int limit;

    // Guarded by the lock.
    private @Nullable Queue<byte[]> parts;
    private long size;
    private long unflushed; // Bytes that wait here or were taken and not flushed.
    private boolean closed;
    private @Nullable CountDownLatch room; // Made by the first writer that waits.

    WriteBacklog(int limit) {
        this.limit = limit;
    }

    /**
     * Waits for room and appends the bytes.
     *
     * @return true if the backlog was empty: the caller must schedule a {@link #take}
     */
    boolean add(byte[] bytes) throws ClosedChannelException, InterruptedException {
        while (true) {
            CountDownLatch wait;
            lock();
            try {
                if (closed) {
                    throw new ClosedChannelException();
                }
                if (unflushed < limit) {
                    return append(bytes);
                }
                wait = room == null ? new CountDownLatch(1) : room;
                room = wait;
            } finally {
                unlock();
            }
            wait.await();
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

    /** Takes everything that waits; null if nothing does. */
    @Nullable Taken take() {
        lock();
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
