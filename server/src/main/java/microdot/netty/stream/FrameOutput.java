package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.function.Supplier;
import microdot.netty.limits.MemoryAccount;
import org.jspecify.annotations.Nullable;

/**
 * Writes the DATA frames (RFC 9113, section 6.1) of all streams of one HTTP/2 connection. The
 * frames of one task of the event loop go to the socket together, so that an event for many
 * followers on one connection is one write. It obeys the windows of the streams and of the
 * connection, which Netty's flow controller counts. Confined to the event loop.
 *
 * <p>Why not by Netty's encoder: docs/decisions/0021-http2-without-child-channels.md.
 */
public final class FrameOutput {
    private static final int FRAME_HEAD = 9;
    private static final int NO_FLAGS = 0;
    private static final int END_STREAM = 1;

    /** Frames wait for the end of the task up to this many bytes. */
    private static final int MOST_WAITING = 64 << 10;

    private final Http2ConnectionHandler codec;
    private final ChannelHandlerContext context; // The codec's: what is written there is encoded.
    private final Http2ConnectionEncoder encoder;
    private final Http2RemoteFlowController windows;
    private final Http2Stream connection; // Its window is that of the connection.
    private final Supplier<MemoryAccount> account;
    private @Nullable ByteBuf frames;
    private int usual = 512; // What the last frames took.
    private boolean scheduled; // A task that flushes is in the loop's queue.
    private int uncounted; // Bytes that the window of the connection does not know yet.
    private long lastWrite = System.nanoTime();

    /** Streams that wait for the socket, or the connection's window, in their order. */
    private @Nullable LinkedHashSet<OpenStream> waiting;

    /**
     * Creates the output of a connection.
     *
     * @param context that of the codec
     * @param account gives the account of the connection: that of a stream would be too small to be
     *     chosen when memory is used up
     */
    public FrameOutput(
            Http2ConnectionHandler codec,
            ChannelHandlerContext context,
            Supplier<MemoryAccount> account) {
        this.account = account;
        this.codec = codec;
        this.context = context;
        this.encoder = codec.encoder();
        this.windows = encoder.flowController();
        this.connection = codec.connection().connectionStream();
    }

    Channel channel() {
        return context.channel();
    }

    /** Returns what counts the bytes that wait in this connection. */
    public MemoryAccount account() {
        return account.get();
    }

    /** Returns when frames were last handed to the socket, from {@link System#nanoTime}. */
    public long lastWrite() {
        return lastWrite;
    }

    /** Returns how many bytes of a body the client of this stream takes now; not negative. */
    public int room(Http2Stream stream) {
        return isFull() ? 0 : Math.clamp(windows.windowSize(stream), 0, connectionWindow());
    }

    private int connectionWindow() {
        return Math.max(0, windows.windowSize(connection) - uncounted);
    }

    /** Returns whether no stream of the connection can write now. */
    public boolean isFull() {
        return !channel().isWritable() || connectionWindow() == 0;
    }

    /** Returns whether streams wait for the client to enlarge the window of the connection. */
    public boolean lacksWindow() {
        return waiting != null && !waiting.isEmpty() && connectionWindow() == 0;
    }

    /** Calls {@link OpenStream#writable} when there may be room for a stream that has none. */
    public void await(OpenStream stream) {
        // Else its own window is used up: the connection tells it when that is enlarged.
        if (isFull()) {
            LinkedHashSet<OpenStream> all = waiting;
            if (all == null) {
                all = new LinkedHashSet<>();
                waiting = all;
            }
            all.add(stream);
        }
    }

    /** The stream waits no longer. */
    public void forget(OpenStream stream) {
        if (waiting != null) {
            waiting.remove(stream);
        }
    }

    /** The socket, or the window of the connection, has room again: one stream after another. */
    public void resume() {
        LinkedHashSet<OpenStream> all = waiting;
        if (all == null) {
            return;
        }
        for (int left = all.size(); left > 0 && !all.isEmpty() && !isFull(); left--) {
            all.removeFirst().writable();
        }
    }

    /** Writes bytes of a body. There must be room for them. */
    public void write(Http2Stream stream, ByteBuf bytes, int from, int count) {
        int max = maxFrame();
        for (int at = from; at < from + count; at += max) {
            int size = Math.min(max, from + count - at);
            begin(stream, size, NO_FLAGS).writeBytes(bytes, at, size);
        }
        written(stream, count);
    }

    /** Writes the parts of a body as one frame; returns false if they need several, or room. */
    boolean write(Http2Stream stream, Collection<byte[]> parts, int size) {
        if (size > maxFrame() || size > room(stream)) {
            return false;
        }
        ByteBuf frame = begin(stream, size, NO_FLAGS);
        parts.forEach(frame::writeBytes);
        written(stream, size);
        return true;
    }

    private int maxFrame() {
        return encoder.configuration().frameSizePolicy().maxFrameSize();
    }

    /** Returns the buffer after the head of a frame with that many bytes, which must follow. */
    private ByteBuf begin(Http2Stream stream, int size, int flags) {
        ByteBuf all = frames;
        if (all == null) {
            all = context.alloc().ioBuffer(Math.max(usual, FRAME_HEAD + size));
            frames = all;
        }
        return all.ensureWritable(FRAME_HEAD + size)
                .writeMedium(size)
                .writeByte(Http2FrameTypes.DATA)
                .writeByte(flags)
                .writeInt(stream.id());
    }

    private void written(Http2Stream stream, int count) {
        try {
            windows.incrementWindowSize(stream, -count);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // Only an increase can overflow.
        }
        uncounted += count;
        if (frames != null && frames.readableBytes() >= MOST_WAITING) {
            flush();
        } else {
            schedule();
        }
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            context.executor().execute(this::flushScheduled);
        }
    }

    private void flushScheduled() {
        scheduled = false;
        flush();
    }

    /** Writes the head of a response. */
    public void head(Http2Stream stream, Http2Headers fields, boolean end) {
        encoder.writeHeaders(context, stream.id(), fields, 0, end, context.newPromise());
        schedule();
    }

    /** Hands everything to the socket. */
    public void flush() {
        release();
        codec.flush(context);
    }

    /** Lets what was written come before what Netty's encoder writes next. */
    public void release() {
        ByteBuf all = frames;
        if (all != null) {
            written();
            context.write(all, context.voidPromise());
        }
    }

    /** The frames are handed over: later ones need another buffer. */
    private void written() {
        if (frames != null) {
            usual = Math.min(frames.readableBytes(), MOST_WAITING);
            frames = null;
        }
        lastWrite = System.nanoTime();
        try {
            windows.incrementWindowSize(connection, -uncounted);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // Only an increase can overflow.
        }
        uncounted = 0;
    }

    /** Runs the action when the socket has taken everything written before, or never will. */
    void whenFlushed(Runnable action) {
        release();
        context.write(Unpooled.EMPTY_BUFFER).addListener(done -> action.run());
        codec.flush(context);
    }

    /**
     * Ends the body of a stream; the future is done when the client's socket has its end. The empty
     * frame needs no window. Netty's encoder would keep it while a window is negative.
     */
    public ChannelFuture end(Http2Stream stream) {
        ByteBuf all = begin(stream, 0, END_STREAM);
        written();
        ChannelFuture ended = context.write(all, context.newPromise());
        codec.closeStreamLocal(stream, ended);
        ended.addListener(done -> stopReading(stream));
        codec.flush(context);
        return ended;
    }

    /** The response is whole: the client need not send the rest of its request. */
    private void stopReading(Http2Stream stream) {
        if (stream.state().remoteSideOpen()) {
            reset(stream, Http2Error.NO_ERROR);
        }
    }

    /** Ends a stream without the end of its body. */
    public void reset(Http2Stream stream, Http2Error error) {
        release();
        codec.resetStream(context, stream.id(), error.code(), context.newPromise());
        codec.flush(context);
    }

    /** Releases what was not written: the connection is closed. */
    public void close() {
        ByteBuf all = frames;
        if (all != null) {
            frames = null;
            all.release();
        }
    }
}
