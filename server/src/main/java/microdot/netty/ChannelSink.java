package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Socket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * A stream's way to its socket. Any thread may write: its bytes stand in the {@link WriteBacklog},
 * and the event loop takes all that stands there in one turn, frames it as one chunk, and sends it
 * once. A feed is asked for more when its turn comes, and what it gives goes out with that of
 * others, in a {@link SendBatch}.
 *
 * <p>What touches the channel runs on its event loop.
 */
final class ChannelSink implements BodySink {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final ChannelHandlerContext out;
    private final EventLoop loop;
    private final int limit;
    private final boolean chunked;
    private final @Nullable Socket socket;
    private final HandlerThreads handlers;
    private final SharedChunk space;
    private final SendBatch batch;

    private final CloseActions ending = new CloseActions();
    private volatile boolean open = true;
    private volatile boolean gone;

    // Set by the writer when it begins, and only read on the loop: no task of its own for each.
    private volatile @Nullable Supplier<byte[]> heartbeat;
    private volatile @Nullable Feed feed;
    private volatile @Nullable Function<Duration, byte[]> closingFrames;

    /** Made when first needed: a stream of topics never does. */
    private volatile @Nullable WriteBacklog backlog;

    // Of the event loop alone.
    private Instant endAt = Instant.MAX;
    private boolean full;
    private boolean clear; // Nothing of this stream stands in the pipeline.
    private boolean batched; // Something of it stands in the batch.
    private long lastWrite = System.nanoTime();

    /**
     * Writes at the context, which stands ahead of the encoder: what it writes goes out as it is.
     */
    ChannelSink(
            ChannelHandlerContext out,
            int limit,
            boolean chunked,
            LoopConnections connections,
            HandlerThreads handlers) {
        this.out = out;
        this.handlers = handlers;
        this.loop = out.channel().eventLoop();
        this.limit = limit;
        this.chunked = chunked;
        this.socket = DirectSend.socketOf(out.channel());
        this.space = connections.space();
        this.batch = connections.batch();
    }

    @Override
    public void write(byte[] bytes) throws ClosedChannelException, InterruptedException {
        if (loop.inEventLoop()) {
            throw new IllegalStateException(
                    "write on an event loop (expected: a thread that may block)");
        }
        try {
            if (backlog().add(bytes)) {
                onLoop(this::drain);
            }
        } catch (ClosedChannelException e) {
            // Who is refused has been told before that the stream ended: a handler that learned it
            // here first would look like one that failed by itself.
            ending.awaitTold();
            throw e;
        }
    }

    private WriteBacklog backlog() {
        WriteBacklog made = backlog;
        return made == null ? makeBacklog() : made;
    }

    private synchronized WriteBacklog makeBacklog() {
        WriteBacklog made = backlog;
        if (made == null) {
            made = new WriteBacklog(limit);
            backlog = made;
        }
        if (!open) {
            made.close(); // Whoever ended the stream may have looked before it was there.
        }
        return made;
    }

    private void drain() {
        WriteBacklog source = backlog;
        WriteBacklog.Taken taken = source == null ? null : source.take();
        if (source == null || taken == null) {
            return;
        }
        if (send(taken.parts(), taken.size())) {
            source.read(taken.size());
        } else {
            whenTaken(() -> source.read(taken.size()));
        }
    }

    /** Whether the socket took all of it at once. */
    private boolean send(Collection<byte[]> parts, long size) {
        if (size == 0) {
            return true; // Framed, it would be the end of the body.
        }
        ByteBuf buffer = Chunk.of(out.alloc(), parts, size, chunked);
        try {
            settle();
            return write(buffer);
        } finally {
            buffer.release();
        }
    }

    /** Has what stands in the batch go ahead of all that comes now. */
    private void settle() {
        if (batched) {
            batch.flush();
        }
    }

    /** Past the pipeline, where nothing stands in it. Whether the socket took all at once. */
    private boolean write(ByteBuf bytes) {
        int sent = clear && socket != null ? DirectSend.send(socket, bytes) : 0;
        return went(bytes, sent);
    }

    /** So many bytes went out; the others follow through the pipeline, which can wait. */
    private boolean went(ByteBuf bytes, int count) {
        if (gone) {
            return true;
        }
        lastWrite = System.nanoTime();
        if (count == bytes.readableBytes()) {
            return true;
        }
        int from = bytes.readerIndex() + count;
        out.write(bytes.retainedSlice(from, bytes.writerIndex() - from), out.voidPromise());
        out.flush();
        clear = !StallDetector.isWriting(out.channel());
        return clear;
    }

    /** Runs it when the socket has taken all that was written, or never will. */
    private void whenTaken(Runnable action) {
        out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> guarded(action));
    }

    /**
     * Ends it when its time has come, or writes the heartbeat when that is due. On the event loop.
     */
    void tick(long now, long heartbeatAfter, Supplier<Duration> reconnectDelay) {
        if (!endAt.equals(Instant.MAX) && !Instant.now().isBefore(endAt)) {
            closeWithRetry(reconnectDelay);
            return;
        }
        Supplier<byte[]> frame = heartbeat;
        if (frame == null || full || heartbeatAfter == 0 || now - lastWrite < heartbeatAfter) {
            return;
        }
        if (open && isIdle()) {
            // Asked only now: what it gives says where the client stands, and must not be lost.
            byte[] bytes = frame.get();
            send(Collections.singleton(bytes), bytes.length);
        }
    }

    /** Whether nothing waits to be read. */
    private boolean isIdle() {
        WriteBacklog waiting = backlog;
        return !batched
                && (waiting == null || waiting.isEmpty())
                && !StallDetector.isWriting(out.channel());
    }

    /**
     * When something was last handed to the socket, by {@link System#nanoTime}. On the event loop.
     */
    long lastWrite() {
        return lastWrite;
    }

    @Override
    public void closingFrames(Function<Duration, byte[]> last) {
        closingFrames = last;
    }

    @Override
    public void endAt(Instant time) {
        onLoop(() -> endAt = time.isBefore(endAt) ? time : endAt);
    }

    /**
     * Ends it because the server wants so, its client to come again after the time, which is asked
     * for only when it is told. On the event loop.
     */
    void closeWithRetry(Supplier<Duration> reconnectDelay) {
        Function<Duration, byte[]> last = closingFrames;
        if (finish()) {
            guarded(
                    () -> {
                        drain();
                        if (last != null) {
                            byte[] bytes = last.apply(reconnectDelay.get());
                            send(Collections.singleton(bytes), bytes.length);
                        }
                        writeEnd();
                    });
        }
    }

    @Override
    public void keepAlive(Supplier<byte[]> frame) {
        heartbeat = frame;
    }

    @Override
    public void feed(Feed source) {
        feed = source;
    }

    /** Whether the body goes on without its writer. */
    boolean isFed() {
        return feed != null;
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public boolean isOnLoop() {
        return loop.inEventLoop();
    }

    @Override
    public void pull() {
        settle();
        Feed source = feed;
        if (source == null || full || !open) {
            return;
        }
        space.begin();
        boolean more = fill(source);
        ByteBuf bytes = space.take(out, chunked);
        if (bytes != null) {
            put(bytes);
        }
        if (more && !full) {
            onLoop(this::pull); // Last in line: the others on this loop come first.
        }
    }

    private void put(ByteBuf bytes) {
        if (clear && socket != null) {
            batched = true;
            batch.add(this, bytes);
        } else {
            sent(bytes, 0);
        }
    }

    /**
     * So many bytes of those that it had in the batch went out. When the socket did not take all,
     * nothing more is put until it has.
     */
    void sent(ByteBuf bytes, int count) {
        batched = false;
        if (!went(bytes, count)) {
            full = true;
            whenTaken(
                    () -> {
                        full = false;
                        pull();
                    });
        }
    }

    /** Where its bytes go past the pipeline; only of one that has been in a batch. */
    Socket socket() {
        return Objects.requireNonNull(socket);
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
        if (gone) {
            return;
        }
        drain();
        settle();
        // Without chunks an empty write: it is done when those before it are.
        out.writeAndFlush(Chunk.last(chunked)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void abort() {
        if (finish()) {
            onLoop(() -> out.channel().close());
        }
    }

    /**
     * The connection has gone, perhaps before the stream began: what stands in the backlog still
     * must not be written, for the codecs may be in the pipeline.
     */
    void closed() {
        gone = true;
        finish();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void onClose(Runnable action) {
        ending.add(action);
    }

    @Override
    public void afterClose(Runnable action) {
        onClose(() -> handlers.start(action));
    }

    /** Whether this call ended it. */
    private boolean finish() {
        if (!ending.come()) {
            return false;
        }
        open = false;
        WriteBacklog waiting = backlog;
        if (waiting != null) {
            // Before they are interrupted: who waits to write shall see that the stream ended.
            waiting.close();
        }
        ending.tell();
        return true;
    }

    /**
     * Where bytes may be lost on their way, the stream is cut: its client comes back and misses
     * nothing.
     */
    private void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the stream of " + out.channel().remoteAddress() + " failed", e);
            finish();
            out.channel().close();
        }
    }

    private void onLoop(Runnable task) {
        try {
            loop.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            // The server has stopped, and with it every connection.
            closed();
        }
    }
}
