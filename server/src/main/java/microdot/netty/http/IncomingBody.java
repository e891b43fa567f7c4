package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.HttpException;
import microdot.RequestBody;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request, between the event loop that receives it and the handler that reads it.
 * The connection is read while the handler waits, or while fewer than {@link #WINDOW} bytes are
 * buffered.
 */
final class IncomingBody implements RequestBody {
    /** The bytes that may wait for a handler that reads, before the connection is not read. */
    static final int WINDOW = 64 << 10;

    /** The same for a handler that does not read, or not yet. */
    private static final int UNASKED = 8 << 10;

    /** The unread bytes that are discarded after the response, to keep the connection. */
    private static final int MAX_DISCARDED = 64 << 10;

    private static final byte[] NO_BYTES = {};

    /** The connection's side. */
    interface Connection {
        /** Reads on, and sends 100 if the client waits for it. From any thread; does not block. */
        void readBody(IncomingBody body);

        /** Returns whether the caller's thread serves the connection. */
        boolean isOnLoop();
    }

    private final Connection connection;
    private final long length;
    private final long limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private BodyClock clock = new BodyClock(); // Runs while a thread waits for the client.
    private byte[] buffer = NO_BYTES; // One array: chunks of one byte must not cost more.
    private int start; // Of the bytes in it that wait.
    private int waiting; // For the handler; after the response has begun, what was dropped.
    private long received;
    private boolean wanted; // The handler waits, or reads ahead.
    private boolean expectation;
    private boolean readWhole; // The handler reads it into memory.
    private long kept; // What the framework keeps of it in another way.
    private boolean ended;
    private boolean closed; // The response has begun.
    private @Nullable HttpException failure;

    /**
     * Creates a body of which nothing has arrived.
     *
     * @param length as the client declared it; -1 for a chunked body
     * @param expectation whether the client waits for 100 before it sends the body
     */
    IncomingBody(Connection connection, long length, long limit, boolean expectation) {
        this.connection = connection;
        this.length = length;
        this.limit = limit;
        this.expectation = expectation;
    }

    // ---- For the connection, on its event loop ----

    /** Adds bytes of the client; drops them once the response has begun, or the body has failed. */
    void append(ByteBuf bytes) {
        int count = bytes.readableBytes();
        if (count == 0) {
            return;
        }
        lock.lock();
        try {
            expectation = false;
            received += count;
            if (failure != null) {
                return; // Bytes before these are lost already.
            }
            if (!closed) {
                makeRoom(count);
                bytes.getBytes(bytes.readerIndex(), buffer, start + waiting, count);
                clock.stop(
                        System.nanoTime()); // What the handler's thread needs is not the client's.
                changed.signalAll();
            }
            waiting += count;
        } finally {
            lock.unlock();
        }
    }

    private void makeRoom(int count) {
        if (start + waiting + count <= buffer.length) {
            return;
        }
        int needed = waiting + count;
        byte[] target =
                needed <= buffer.length
                        ? buffer
                        : new byte[waiting == 0 ? needed : Math.max(needed, 2 * waiting)];
        System.arraycopy(buffer, start, target, 0, waiting);
        buffer = target;
        start = 0;
    }

    /** The body is whole. */
    void end() {
        lock.lock();
        try {
            if (failure == null) {
                ended = true;
                expectation = false;
                clock.stop(System.nanoTime());
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The rest will not come. */
    void fail(int status, String reason) {
        lock.lock();
        try {
            if (!ended && failure == null) {
                failure = new HttpException(status, reason);
                buffer = NO_BYTES;
                start = 0;
                waiting = 0;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns whether the connection is to be read no further; then the handler asks again when it
     * needs more.
     *
     * @param idle whether all that was read is here: a handler that does not wait takes no more
     */
    boolean pauses(boolean idle) {
        lock.lock();
        try {
            boolean pauses =
                    failure != null || (wanted ? waiting >= WINDOW : idle || waiting >= UNASKED);
            wanted &= !pauses;
            return pauses;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the handler waits or reads ahead, or the rest is to be dropped. */
    boolean isWanted() {
        lock.lock();
        try {
            return wanted || closed;
        } finally {
            lock.unlock();
        }
    }

    /** Returns, once, whether the client waits for 100 and the handler for the body. */
    boolean takeExpectation() {
        lock.lock();
        try {
            boolean asked = expectation && !closed;
            expectation &= !asked;
            return asked;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The response begins: the handler can read no more, and unread bytes are dropped. The rest of
     * the body has the time of a new one.
     *
     * @return whether the connection can serve further requests: the rest is short, and the client
     *     is about to send it
     */
    boolean close() {
        lock.lock();
        try {
            closed = true;
            buffer = NO_BYTES;
            clock = new BodyClock();
            clock.start(System.nanoTime());
            changed.signalAll();
            long rest = length < 0 ? waiting : length - received + waiting;
            // A client that still waits for 100 will perhaps not send the body at all.
            return failure == null && (ended || (!expectation && rest <= MAX_DISCARDED));
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the rest exceeds the limit for keeping the connection. */
    boolean isRestTooLong() {
        lock.lock();
        try {
            return waiting > MAX_DISCARDED;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the client sends too slowly what is waited for. */
    boolean isLate(long now, ServerOptions options) {
        lock.lock();
        try {
            return clock.isLate(now, received, options);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the estimated memory of the body in bytes. */
    long memory() {
        lock.lock();
        try {
            // A handler that reads the whole body keeps what it took, and copies it at the end.
            long taken = kept + (readWhole ? 2 * received : 0);
            return buffer.length + (failure == null && !closed ? taken : 0);
        } finally {
            lock.unlock();
        }
    }

    private int available() {
        lock.lock();
        try {
            return closed ? 0 : waiting;
        } finally {
            lock.unlock();
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
        lock.lock();
        try {
            kept = bytes;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public byte[] readAll(int limit) throws IOException {
        lock.lock();
        try {
            readWhole = true;
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            checkOpen();
            checkFailure();
            if (waiting == 0) {
                awaitBytes();
            }
            return waiting == 0 ? -1 : takeWaiting(to, from, length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HttpException(503, "interrupted while reading the body");
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. */
    private void awaitBytes() throws InterruptedException, IOException {
        BodyClock running = clock; // The response may begin meanwhile, and with it another clock.
        try {
            while (waiting == 0 && !ended) {
                want();
                checkFailure();
                running.start(System.nanoTime());
                changed.await();
                checkOpen();
            }
        } finally {
            running.stop(System.nanoTime());
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
        int count = Math.min(length, waiting);
        System.arraycopy(buffer, start, to, from, count);
        start += count;
        waiting -= count;
        if (waiting < WINDOW / 2) {
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
