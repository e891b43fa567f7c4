package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.netty.limits.LoopMemory;
import org.jspecify.annotations.Nullable;

/**
 * The body of a stream that shares its connection with others: a stream of HTTP/2. It writes as
 * much as the windows and the socket take. A feed waits without bytes until there is room, so that
 * a client that does not read one stream neither blocks the others nor costs memory.
 */
public final class FrameSink extends ChannelSink implements OpenStream {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** How many bytes a client may send after the request of a stream, before it is reset. */
    private static final int MAX_DROPPED = 64 << 10;

    private final FrameOutput output;
    private final Http2Stream stream;
    private volatile boolean gone;
    private int dropped; // Bytes that came after the request.
    private boolean waits; // For room.
    private boolean ending; // Its end follows the unsent bytes.
    private long since = System.nanoTime(); // When bytes were last written, or began to wait.
    private @Nullable Unsent unsent; // Made when the client does not take everything.
    private @Nullable Runnable whenDisconnected;

    /** Creates a sink that writes after the head of its response; from any thread. */
    public FrameSink(
            FrameOutput output,
            Http2Stream stream,
            ClosingFrames closingFrames,
            LoopStreams streams) {
        super(closingFrames, streams);
        this.output = output;
        this.stream = stream;
    }

    /** Bytes that wait for room, and what is to be done when they are written. */
    private final class Unsent {
        private final ArrayDeque<ByteBuf> bytes = new ArrayDeque<>(2);
        private final ArrayDeque<LoopMemory.HeldBytes> frames = new ArrayDeque<>(2);
        private final ArrayDeque<Runnable> actions = new ArrayDeque<>(2);

        /** Keeps the rest of a frame, and counts its memory: a slice pins its whole frame. */
        boolean add(ByteBuf frame, int from) {
            LoopMemory.HeldBytes held = streams.memory().hold(frame);
            frames.add(held);
            bytes.add(frame.retainedSlice(from, frame.writerIndex() - from));
            return output.account().held(held.size());
        }

        /** Writes what there is room for; returns whether that was everything. */
        boolean write() {
            for (ByteBuf first = bytes.peek(); first != null; first = bytes.peek()) {
                int count = Math.min(output.room(stream), first.readableBytes());
                if (count == 0) {
                    return false;
                }
                output.write(stream, first, first.readerIndex(), count);
                since = System.nanoTime();
                first.skipBytes(count);
                if (!first.isReadable()) {
                    removeFirst();
                }
            }
            return true;
        }

        private void removeFirst() {
            bytes.remove().release();
            LoopMemory.HeldBytes frame = frames.remove();
            long size = frame.size();
            frame.leave();
            output.account().flushed(size);
        }

        void release() {
            while (!bytes.isEmpty()) {
                removeFirst();
            }
        }
    }

    // ---- Writing ----

    @Override
    int room() {
        if (gone || hasBackpressure()) {
            return 0;
        }
        int room = output.room(stream);
        if (room == 0) {
            await();
        }
        return Math.min(room, SLICE_BYTES);
    }

    private void await() {
        if (!waits) {
            waits = true;
            since = System.nanoTime();
        }
        output.await(this);
    }

    @Override
    boolean send(Collection<byte[]> parts, long size) {
        if (size == 0 || gone) {
            return true;
        }
        counted(size);
        int length = Math.toIntExact(size);
        if (unsent == null && output.write(stream, parts, length)) {
            since = System.nanoTime();
            return !output.isFull();
        }
        ByteBuf buffer = output.channel().alloc().buffer(length);
        try {
            parts.forEach(buffer::writeBytes);
            return write(buffer, unsent == null ? output.room(stream) : 0);
        } finally {
            buffer.release();
        }
    }

    @Override
    void sendShared(int room) {
        ByteBuf bytes = streams.chunk.take(output.channel(), Framing.NONE);
        if (bytes != null && !gone) {
            counted(streams.chunk.length());
            // The last frame may go beyond the slice that the feed was to fill. What then stays
            // unsent must wait for a window or the socket, or nothing would send it.
            boolean fits = bytes.readableBytes() <= room;
            write(bytes, fits ? room : unsent == null ? output.room(stream) : 0);
        }
    }

    /**
     * Writes as much as there is room for, and keeps the rest. Returns whether the socket took
     * everything at once, as far as that is known.
     */
    private boolean write(ByteBuf bytes, int room) {
        int count = Math.min(room, bytes.readableBytes());
        if (count > 0) {
            output.write(stream, bytes, bytes.readerIndex(), count);
            since = System.nanoTime();
        }
        if (count < bytes.readableBytes()) {
            Unsent rest = unsent == null ? new Unsent() : unsent;
            unsent = rest;
            boolean allowed = rest.add(bytes, bytes.readerIndex() + count);
            await();
            if (!allowed) {
                overBudget();
            }
        }
        return unsent == null && !output.isFull();
    }

    @Override
    void flushBatch() {
        // Its frames have the order in which they were written.
    }

    @Override
    void whenFlushed(Runnable action) {
        if (unsent == null) {
            output.whenFlushed(() -> guarded(action));
        } else {
            unsent.actions.add(action);
        }
    }

    @Override
    public void writable() {
        if (hasBackpressure() && !gone) {
            guarded(this::writeOn);
        }
    }

    private void writeOn() {
        waits = false;
        Unsent rest = unsent;
        if (rest != null) {
            if (!rest.write()) {
                await();
                return;
            }
            unsent = null;
            rest.actions.forEach(Runnable::run);
        }
        if (ending) {
            output.end(stream);
        } else {
            pull();
        }
    }

    @Override
    boolean hasBackpressure() {
        return waits || unsent != null;
    }

    @Override
    boolean isWriting() {
        return unsent != null;
    }

    @Override
    public boolean mayWait() {
        return hasBackpressure();
    }

    @Override
    public long lastWrite() {
        return since;
    }

    // ---- The connection's view ----

    @Override
    public int drop(int count) {
        dropped += count;
        if (dropped > MAX_DROPPED) {
            abort(CloseReason.CLIENT_CLOSED);
        }
        return count;
    }

    @Override
    public void tick(long now) {
        if (isOpen()) {
            super.tick(now);
        }
        // While the whole connection is full, it is the one that has stalled, or not.
        if (waits && !output.isFull() && streams.isStalled(since, now)) {
            LOG.log(Level.DEBUG, () -> "the client of a stream has stalled: " + client());
            abort(CloseReason.CLIENT_STALLED);
            disconnect();
        }
    }

    @Override
    public void drain(LongSupplier ends) {
        endBy(ends.getAsLong());
    }

    @Override
    public void stop() {
        closeWithRetry(CloseReason.SERVER_CLOSING);
    }

    @Override
    public void closed(CloseReason reason) {
        disconnected(reason);
        output.forget(this);
        release();
        Runnable action = whenDisconnected;
        if (action != null) {
            whenDisconnected = null;
            action.run();
        }
    }

    private void release() {
        waits = false;
        Unsent rest = unsent;
        if (rest != null) {
            unsent = null;
            rest.release();
            rest.actions.forEach(Runnable::run); // They were not written, and never will be.
        }
    }

    // ---- The end ----

    @Override
    void sendEnd() {
        if (gone) {
            return;
        }
        if (unsent == null) {
            output.end(stream);
        } else {
            ending = true;
        }
    }

    @Override
    void disconnect() {
        if (!gone) {
            output.reset(stream, error());
            drop();
            release(); // The socket may take the reset much later.
        }
    }

    private Http2Error error() {
        CloseReason reason = closeReason();
        return reason == CloseReason.FAILED || reason == CloseReason.HANDLER_FAILED
                ? Http2Error.INTERNAL_ERROR
                : Http2Error.CANCEL;
    }

    @Override
    void drop() {
        gone = true;
    }

    @Override
    public void whenDisconnected(Runnable action) {
        whenDisconnected = action;
    }

    @Override
    Object client() {
        return String.valueOf(output.channel().remoteAddress());
    }
}
