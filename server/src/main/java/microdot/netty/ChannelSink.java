package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Socket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * A stream's way to its socket. Any thread may write: it puts its bytes in line, and the event loop
 * takes all that stand there in one turn, frames them as one chunk, and flushes once. The line is
 * bounded: who would make it longer than the limit waits until the socket has taken some.
 *
 * <p>The lock guards the line and the state; it is held for moments and never while something
 * blocks. What touches the channel runs on its event loop.
 */
final class ChannelSink implements BodySink {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
    private static final int CHUNK_OVERHEAD = 12;

    private final ChannelHandlerContext out;
    private final EventLoop loop;
    private final int limit;
    private final boolean chunked;
    private final @Nullable Socket socket;
    private final FeedSpace space;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private @Nullable Queue<byte[]> line; // Made when first needed: a stream of topics never does.
    private long lineBytes;
    private long waiting; // bytes in line or in the socket's hands
    private boolean scheduled;
    private volatile boolean open = true;
    private volatile boolean fed;
    private List<Runnable> onClose = new ArrayList<>(1);
    private @Nullable Thread teller; // Runs what is to run at the end.

    // Of the event loop alone.
    private @Nullable Supplier<byte[]> heartbeat;
    private @Nullable Feed feed;
    private @Nullable Function<Duration, byte[]> farewell;
    private long endAt = Long.MAX_VALUE;
    private boolean full;
    private boolean clear; // Nothing of this stream stands in the pipeline.
    private long lastWrite = System.nanoTime();

    /**
     * Writes at the context, which stands ahead of the encoder: what it writes goes out as it is.
     */
    ChannelSink(ChannelHandlerContext out, int limit, boolean chunked, FeedSpace space) {
        this.out = out;
        this.loop = out.channel().eventLoop();
        this.limit = limit;
        this.chunked = chunked;
        this.socket = DirectSend.socketOf(out.channel());
        this.space = space;
    }

    @Override
    public void write(byte[] bytes) throws ClosedChannelException, InterruptedException {
        if (loop.inEventLoop()) {
            throw new IllegalStateException(
                    "write on an event loop (expected: a thread that may block)");
        }
        lock.lock();
        try {
            while (open && waiting >= limit) {
                room.await();
            }
            if (!open) {
                awaitTold();
                throw new ClosedChannelException();
            }
            if (line == null) {
                line = new ArrayDeque<>(2);
            }
            line.add(bytes);
            lineBytes += bytes.length;
            waiting += bytes.length;
            if (scheduled) {
                return;
            }
            scheduled = true;
        } finally {
            lock.unlock();
        }
        onLoop(this::drain);
    }

    /**
     * Who is refused has been told before that the stream ended: a handler that learned it here
     * first would look like one that failed by itself.
     */
    private void awaitTold() {
        while (teller != null && teller != Thread.currentThread()) {
            room.awaitUninterruptibly();
        }
    }

    private void drain() {
        Queue<byte[]> taken;
        long size;
        lock.lock();
        try {
            scheduled = false;
            taken = line;
            line = null;
            size = lineBytes;
            lineBytes = 0;
        } finally {
            lock.unlock();
        }
        if (taken != null && size > 0) {
            send(taken, size);
        }
    }

    private void send(Collection<byte[]> parts, long size) {
        ByteBuf buffer = out.alloc().ioBuffer(Math.toIntExact(size + CHUNK_OVERHEAD));
        if (chunked) {
            buffer.writeCharSequence(Long.toHexString(size), StandardCharsets.US_ASCII);
            buffer.writeBytes(CRLF);
        }
        parts.forEach(buffer::writeBytes);
        if (chunked) {
            buffer.writeBytes(CRLF);
        }
        if (write(buffer)) {
            taken(size);
        } else {
            whenTaken(() -> taken(size));
        }
    }

    /** Whether the socket took all of it at once. */
    private boolean write(ByteBuf bytes) {
        lastWrite = System.nanoTime();
        out.write(bytes, out.voidPromise());
        out.flush();
        ChannelOutboundBuffer pending = out.channel().unsafe().outboundBuffer();
        clear = pending == null || pending.isEmpty();
        return clear;
    }

    /** The same for bytes that others write too. */
    private boolean writeShared(ByteBuf bytes) {
        Socket direct = socket;
        int sent = clear && direct != null ? DirectSend.send(direct, bytes) : 0;
        if (sent < bytes.readableBytes()) {
            int from = bytes.readerIndex() + sent;
            return write(bytes.retainedSlice(from, bytes.writerIndex() - from));
        }
        lastWrite = System.nanoTime();
        return true;
    }

    /** Runs it when the socket has taken all that was written, or never will. */
    private void whenTaken(Runnable action) {
        out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> action.run());
    }

    /**
     * The socket has the bytes, or never will: then the channel closes and {@link #closed} follows.
     */
    private void taken(long size) {
        lock.lock();
        try {
            waiting -= size;
            if (waiting < limit) {
                room.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends it when its time has come, or writes the heartbeat when that is due. On the event loop.
     */
    void tick(long now, long heartbeatAfter, Supplier<Duration> comeAgain) {
        if (endAt != Long.MAX_VALUE && System.currentTimeMillis() >= endAt) {
            dismiss(comeAgain);
            return;
        }
        Supplier<byte[]> frame = heartbeat;
        if (frame == null || full || heartbeatAfter == 0 || now - lastWrite < heartbeatAfter) {
            return;
        }
        byte @Nullable [] bytes = null;
        lock.lock();
        try {
            if (open && waiting == 0) { // What waits to be read is no idle stream.
                // Asked only now: what it gives says where the client stands, and must not be lost.
                bytes = frame.get();
                waiting += bytes.length;
            }
        } finally {
            lock.unlock();
        }
        if (bytes != null) {
            send(Collections.singleton(bytes), bytes.length);
        }
    }

    /**
     * When something was last handed to the socket, by {@link System#nanoTime}. On the event loop.
     */
    long lastWrite() {
        return lastWrite;
    }

    @Override
    public void farewell(Function<Duration, byte[]> last) {
        onLoop(() -> farewell = last);
    }

    @Override
    public void endAt(Instant time) {
        onLoop(() -> endAt = Math.min(endAt, time.toEpochMilli()));
    }

    /**
     * Ends it because the server wants so, its client to come again after the time, which is asked
     * for only when it is told. On the event loop.
     */
    void dismiss(Supplier<Duration> comeAgain) {
        Function<Duration, byte[]> last = farewell;
        if (finish()) {
            drain();
            if (last != null) {
                byte[] bytes = last.apply(comeAgain.get());
                send(Collections.singleton(bytes), bytes.length);
            }
            writeEnd();
        }
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        onLoop(() -> heartbeat = frame);
    }

    @Override
    public void feed(Feed source) {
        fed = true;
        onLoop(() -> feed = source);
    }

    /** Whether the body goes on without its writer. */
    boolean isFed() {
        return fed;
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source == null || full || !open) {
            return;
        }
        space.begin();
        boolean more = fill(source);
        ByteBuf bytes = space.take(out.alloc(), chunked);
        // When the socket did not take all at once, nothing more is put until it has.
        if (bytes != null && !writeShared(bytes)) {
            full = true;
            whenTaken(
                    () -> {
                        full = false;
                        pull();
                    });
        }
        if (more && !full) {
            onLoop(this::pull); // Last in line: the others on this loop come first.
        }
    }

    /** A feed that fails ends its own stream and nobody else's. */
    private boolean fill(Feed source) {
        try {
            return source.fill(space);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the feed of " + out.channel().remoteAddress() + " failed", e);
            abort();
            return false;
        }
    }

    @Override
    public void end() {
        if (finish()) {
            onLoop(this::writeEnd);
        }
    }

    private void writeEnd() {
        drain();
        // Without chunks an empty write: it is done when those before it are.
        ByteBuf last = chunked ? Unpooled.wrappedBuffer(LAST_CHUNK) : Unpooled.EMPTY_BUFFER;
        out.writeAndFlush(last).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void abort() {
        if (finish()) {
            onLoop(() -> out.channel().close());
        }
    }

    /** The connection has gone. */
    void closed() {
        finish();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        lock.lock();
        try {
            if (open) {
                onClose.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /** Whether this call ended it. */
    private boolean finish() {
        List<Runnable> actions;
        lock.lock();
        try {
            if (!open) {
                return false;
            }
            open = false;
            teller = Thread.currentThread();
            // Before they are interrupted: who waits to write shall see that the stream ended.
            room.signalAll();
            actions = onClose;
            onClose = List.of();
        } finally {
            lock.unlock();
        }
        actions.forEach(ChannelSink::runGuarded);
        lock.lock();
        try {
            teller = null;
            room.signalAll();
        } finally {
            lock.unlock();
        }
        return true;
    }

    /** One that fails does not keep the others from being told. */
    private static void runGuarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "what was to run at a stream's end failed", e);
        }
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            // The server has stopped, and with it every connection.
            closed();
        }
    }
}
