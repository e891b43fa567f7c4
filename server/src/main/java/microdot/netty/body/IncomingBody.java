package microdot.netty.body;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import microdot.HttpException;
import microdot.RequestBody;
import microdot.ServerOptions;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request, between the event loop that receives it and the handler that reads it.
 * The connection is read while the handler waits, or while fewer than {@link #WINDOW} bytes (64
 * KiB) are buffered.
 */
public final class IncomingBody extends BriefLock implements RequestBody {
    /** The bytes that may wait for a handler that reads, before the connection is not read. */
    public static final int WINDOW = 64 << 10;

    /** The same for a handler that does not read, or not yet. */
    private static final int UNASKED = 8 << 10;

    /** The unread bytes that are discarded after the response, to keep the connection. */
    private static final int MAX_DISCARDED = 64 << 10;

    private static final byte[] NO_BYTES = {};

    /** The connection's side. */
    public interface Connection {
        /** Reads on, and sends 100 if the client waits for it. From any thread; does not block. */
        void readBody(IncomingBody body);

        /** Returns whether the caller's thread serves the connection. */
        boolean isOnLoop();
    }

    private final Connection connection;
    private final long length;
    private final long limit;

    // Guarded by the lock.
    private BodyClock clock = new BodyClock(); // Runs while a thread waits for the client.
    private final ByteQueue waiting = new ByteQueue(); // For the handler.
    private long dropped; // Unread when the response began, and what came after that.
    private long received;
    private boolean wanted; // The handler waits, or reads ahead.
    private boolean expectation;
    private boolean readWhole; // The handler reads it into memory.
    private long kept; // What the framework keeps of it in another way.
    private boolean ended;
    private boolean closed; // The response has begun.
    private @Nullable HttpException failure;
    private @Nullable CountDownLatch change; // Made by a handler that waits.

    /**
     * Creates a body of which nothing has arrived.
     *
     * @param length as the client declared it; -1 for a chunked body
     * @param expectation whether the client waits for 100 before it sends the body
     */
    public IncomingBody(Connection connection, long length, long limit, boolean expectation) {
        this.connection = connection;
        this.length = length;
        this.limit = limit;
        this.expectation = expectation;
    }

    // ---- For the connection, on its event loop ----

    /** Adds bytes of the client; drops them once the response has begun, or the body has failed. */
    public void append(ByteBuf bytes) {
        int count = bytes.readableBytes();
        if (count == 0) {
            return;
        }
        lock();
        try {
            expectation = false;
            received += count;
            if (failure != null) {
                return; // Bytes before these are lost already.
            }
            if (closed) {
                dropped += count;
                return;
            }
            waiting.add(bytes);
            clock.stop(System.nanoTime()); // Time of the handler does not count.
            signal();
        } finally {
            unlock();
        }
    }

    /** The body is whole. */
    public void end() {
        lock();
        try {
            if (failure == null) {
                ended = true;
                expectation = false;
                clock.stop(System.nanoTime());
                signal();
            }
        } finally {
            unlock();
        }
    }

    /** Fails the body for its handler; unread bytes are dropped. */
    public void fail(int status, String reason) {
        lock();
        try {
            if (!ended && failure == null) {
                failure = new HttpException(status, reason);
                waiting.clear();
                dropped = 0;
                signal();
            }
        } finally {
            unlock();
        }
    }

    /**
     * Returns whether the connection is to be read no further; then the handler asks again when it
     * needs more.
     *
     * @param idle whether all that was read is here: a handler that does not wait takes no more
     */
    public boolean pauses(boolean idle) {
        lock();
        try {
            boolean pauses =
                    failure != null
                            || (wanted
                                    ? waiting.size() >= WINDOW
                                    : idle || waiting.size() >= UNASKED);
            wanted &= !pauses;
            return pauses;
        } finally {
            unlock();
        }
    }

    /** Returns whether the handler waits or reads ahead, or the rest is to be dropped. */
    public boolean isWanted() {
        lock();
        try {
            return wanted || closed;
        } finally {
            unlock();
        }
    }

    /** Returns, once, whether the client waits for 100 and the handler for the body. */
    public boolean takeExpectation() {
        lock();
        try {
            boolean asked = expectation && !closed;
            expectation &= !asked;
            return asked;
        } finally {
            unlock();
        }
    }

    /**
     * The response begins: the handler can read no more, and unread bytes are dropped. The rest of
     * the body has the time of a new one.
     *
     * @return whether the connection can serve further requests: the rest is short, and the client
     *     is about to send it
     */
    public boolean close() {
        lock();
        try {
            closed = true;
            dropped += waiting.size();
            waiting.clear();
            clock = new BodyClock();
            clock.start(System.nanoTime());
            signal();
            long rest = length < 0 ? dropped : length - received + dropped;
            // A client that still waits for 100 will perhaps not send the body at all.
            return failure == null && (ended || (!expectation && rest <= MAX_DISCARDED));
        } finally {
            unlock();
        }
    }

    /** Returns whether the rest exceeds the limit for keeping the connection. */
    public boolean isRestTooLong() {
        lock();
        try {
            return dropped > MAX_DISCARDED;
        } finally {
            unlock();
        }
    }

    /** Returns whether the client sends too slowly what is waited for. */
    public boolean isLate(long now, ServerOptions options) {
        lock();
        try {
            return clock.isLate(now, received, options);
        } finally {
            unlock();
        }
    }

    /** Returns the estimated memory of the body in bytes. */
    public long memory() {
        lock();
        try {
            // A handler that reads the whole body keeps what it took, and copies it at the end.
            long taken = kept + (readWhole ? 2 * received : 0);
            return waiting.capacity() + (failure == null && !closed ? taken : 0);
        } finally {
            unlock();
        }
    }

    private int available() {
        lock();
        try {
            return waiting.size();
        } finally {
            unlock();
        }
    }

    // ---- For the handler ----

    @Override
    public long length() {
        return length;
    }

    @Override
    public long limit() {
        return limit;
    }

    @Override
    public InputStream open() {
        return new Stream();
    }

    @Override
    public void keeps(long bytes) {
        lock();
        try {
            kept = bytes;
        } finally {
            unlock();
        }
    }

    @Override
    public byte[] readAll(int limit) throws IOException {
        lock();
        try {
            readWhole = true;
        } finally {
            unlock();
        }
        take(NO_BYTES, 0, 0); // Waits before a buffer is allocated: thousands may wait.
        return RequestBody.super.readAll(limit);
    }

    private final class Stream extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return take(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            Objects.checkFromIndexSize(from, length, to.length);
            return length == 0 ? 0 : take(to, from, length);
        }

        @Override
        public int available() {
            return IncomingBody.this.available();
        }
    }

    private int take(byte[] to, int from, int length) throws IOException {
        if (connection.isOnLoop()) {
            throw new IllegalStateException(
                    "the body was read on an event loop, which must not wait");
        }
        while (true) {
            CountDownLatch wait;
            lock();
            try {
                checkOpen();
                checkFailure();
                if (waiting.size() > 0) {
                    return takeWaiting(to, from, length);
                }
                if (ended) {
                    return -1;
                }
                want();
                checkFailure();
                clock.start(System.nanoTime());
                wait = change == null ? new CountDownLatch(1) : change;
                change = wait;
            } finally {
                unlock();
            }
            await(wait);
        }
    }

    /** Without the lock. */
    private void await(CountDownLatch change) {
        try {
            change.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopClock();
            throw new HttpException(503, "interrupted while reading the body");
        }
    }

    private void stopClock() {
        lock();
        try {
            if (!closed) { // Else it is that of the rest.
                clock.stop(System.nanoTime());
            }
        } finally {
            unlock();
        }
    }

    /** Under the lock. */
    private void signal() {
        if (change != null) {
            change.countDown();
            change = null;
        }
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException("the body was read after the response had begun");
        }
    }

    private void checkFailure() {
        HttpException cause = failure;
        if (cause != null) {
            throw new HttpException(cause.status(), String.valueOf(cause.getMessage()));
        }
    }

    /** Under the lock. */
    private int takeWaiting(byte[] to, int from, int length) {
        int count = waiting.take(to, from, length);
        if (waiting.size() < WINDOW / 2) {
            want();
        }
        return count;
    }

    /** Under the lock: has the connection read on, if it does not already. */
    private void want() {
        if (wanted || ended || failure != null) {
            return;
        }
        wanted = true;
        try {
            connection.readBody(this);
        } catch (RejectedExecutionException e) {
            failure = new HttpException(503, "the server has stopped");
        }
    }
}
