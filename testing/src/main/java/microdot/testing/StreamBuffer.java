package microdot.testing;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The bytes of a stream between its writers and its client, which may pause. */
final class StreamBuffer {
    /** Unread bytes at which a write blocks, as {@link microdot.ServerOptions#streamBuffer()}. */
    static final int LIMIT = 64 << 10;

    private final Received client;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<byte[]> unread = new ArrayDeque<>();
    private int unreadBytes;
    private int writersBlocked;
    private boolean paused;
    private boolean open = true;

    StreamBuffer(Received client, boolean paused) {
        this.client = client;
        this.paused = paused;
    }

    /**
     * Blocks while {@link #LIMIT} bytes are unread.
     *
     * @param taken runs before the client can read the bytes, if the stream is open
     */
    void write(byte[] bytes, Runnable taken) throws ClosedChannelException, InterruptedException {
        lock.lock();
        try {
            awaitRoom();
            if (!open) {
                throw new ClosedChannelException();
            }
            taken.run();
            put(bytes);
        } finally {
            lock.unlock();
        }
    }

    private void awaitRoom() throws InterruptedException {
        writersBlocked++;
        try {
            while (open && unreadBytes >= LIMIT) {
                changed.signalAll(); // Wakes awaitBlocked.
                changed.await();
            }
        } finally {
            writersBlocked--;
        }
    }

    /** Never blocks; drops the bytes after the end. */
    void offer(byte[] bytes) {
        lock.lock();
        try {
            if (open) {
                put(bytes);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. */
    private void put(byte[] bytes) {
        unread.add(bytes);
        unreadBytes += bytes.length;
        read();
    }

    /** Under the lock: unless it is paused, the client reads everything, and then sees the end. */
    private void read() {
        while (!paused && !unread.isEmpty()) {
            byte[] bytes = unread.remove();
            unreadBytes -= bytes.length;
            client.read(bytes);
        }
        if (!open && unread.isEmpty()) {
            client.end(StreamEnd.RETURNED);
        }
        changed.signalAll();
    }

    /** Ends the stream after what was written. Returns false when it has ended already. */
    boolean end() {
        return close(this::read);
    }

    /** Aborts the stream; the client loses what it has not read. */
    boolean abort() {
        return close(
                () -> {
                    unread.clear();
                    client.end(StreamEnd.ABORTED);
                });
    }

    /** The client disconnects and drops what it has not read. */
    boolean disconnect() {
        client.disconnect();
        return close(unread::clear);
    }

    // The first close decides how the stream ends for the client.
    private boolean close(Runnable how) {
        lock.lock();
        try {
            if (!open) {
                return false;
            }
            open = false;
            how.run();
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    boolean isOpen() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the stream is open and the client has read everything. */
    boolean isDrained() {
        lock.lock();
        try {
            return open && unreadBytes == 0;
        } finally {
            lock.unlock();
        }
    }

    void pause(boolean value) {
        lock.lock();
        try {
            paused = value;
            read();
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether a write blocked within the time. */
    boolean awaitBlocked(Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (open && !isBlocked() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return open && isBlocked();
        } finally {
            lock.unlock();
        }
    }

    private boolean isBlocked() {
        return writersBlocked > 0 && unreadBytes >= LIMIT;
    }
}
