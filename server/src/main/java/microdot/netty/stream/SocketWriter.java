package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.Socket;
import java.util.Collection;
import java.util.Objects;
import microdot.netty.limits.LoopMemory;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/**
 * Writes the bytes of one stream to its socket, in order, by the cheapest of three ways: together
 * with other streams in the {@link SendBatch}, directly to the socket, or through Netty's pipeline.
 * Only the pipeline can wait, so what a socket does not take follows through it.
 *
 * <p>It is the superclass of {@link ChannelSink} and not a part of it, so that a delivery touches
 * one object for each follower (why: docs/decisions/0009-how-a-delivery-became-cheap.md, "Cold
 * connections"). Confined to the event loop except {@link #drop}.
 */
abstract class SocketWriter implements SendBatch.Sender {
    final LoopStreams streams;
    private final Channel channel;
    private final Framing framing;
    private final @Nullable Socket socket;
    private volatile boolean gone;
    private boolean clear; // Nothing of this stream is in the pipeline.
    private boolean batched; // Something of this stream is in the batch.
    private boolean backpressure; // The socket did not take all bytes of the feed.
    private long lastWrite = System.nanoTime();
    private @Nullable StreamCount count; // Null unless the stream is observed.

    SocketWriter(Channel channel, Framing framing, LoopStreams streams) {
        this.streams = streams;
        this.channel = channel;
        this.framing = framing;
        this.socket = DirectSend.socketOf(channel);
    }

    /** Counts from now on. Call it before the stream begins. */
    public final void count(StreamCount observed) {
        count = observed;
    }

    final @Nullable StreamCount count() {
        return count;
    }

    private void counted(long bytes) {
        StreamCount observed = count;
        if (observed != null) {
            observed.addBytes(bytes);
        }
    }

    /** Continues the feed, after {@link #hasBackpressure} was true and no longer is. */
    abstract void writable();

    /**
     * Disconnects the client because the memory of the server is used up. From any thread; the
     * connection is closed by a later task.
     */
    abstract void overBudget();

    /** Returns whether bytes may wait that the socket has not taken; false if none do. */
    public final boolean mayWait() {
        return !clear;
    }

    /** Runs the action; closes the connection if the action fails. */
    abstract void guarded(Runnable action);

    final Channel channel() {
        return channel;
    }

    @Override
    public final Socket socket() {
        return Objects.requireNonNull(socket); // Only streams with a socket enter the batch.
    }

    /**
     * Returns when bytes were last handed to the socket, from {@link System#nanoTime}. On the event
     * loop.
     */
    public final long lastWrite() {
        return lastWrite;
    }

    /** Whether the feed must wait until the client has read. */
    final boolean hasBackpressure() {
        return backpressure;
    }

    /** Whether the socket has not yet taken something. */
    final boolean isWriting() {
        return batched || StallDetector.isWriting(channel);
    }

    /** Frames and sends the parts; returns whether the socket took everything at once. */
    final boolean send(Collection<byte[]> parts, long size) {
        if (size == 0) {
            return true; // An empty chunk would be the end of the body.
        }
        counted(size);
        ByteBuf buffer = framing.begin(channel.alloc(), Math.toIntExact(size));
        try {
            parts.forEach(buffer::writeBytes);
            framing.complete(buffer);
            flushBatch();
            int count = clear && socket != null ? DirectSend.send(socket, buffer) : 0;
            return sendRest(buffer, count, false);
        } finally {
            buffer.release();
        }
    }

    /** Sends what the feed put into the shared chunk of this loop. */
    final void sendShared() {
        ByteBuf bytes = streams.chunk.take(channel, framing);
        if (bytes == null) {
            return;
        }
        counted(streams.chunk.length());
        if (clear && socket != null) {
            batched = true;
            streams.batch.add(this, bytes);
        } else {
            sent(bytes, 0);
        }
    }

    @Override
    public final void sent(ByteBuf bytes, int count) {
        batched = false;
        sendRest(bytes, count, true);
    }

    /** Sends this stream's part of the batch before anything else is written. */
    final void flushBatch() {
        if (batched) {
            streams.batch.flush();
        }
    }

    /**
     * Sends through the pipeline what the socket did not take; returns whether it took all.
     *
     * @param ofFeed whether the feed must wait if the socket did not
     */
    private boolean sendRest(ByteBuf bytes, int count, boolean ofFeed) {
        if (gone) {
            return true;
        }
        lastWrite = System.nanoTime();
        if (count == bytes.readableBytes()) {
            return true;
        }
        int from = bytes.readerIndex() + count;
        channel.write(bytes.retainedSlice(from, bytes.writerIndex() - from), channel.voidPromise());
        channel.flush();
        clear = !StallDetector.isWriting(channel);
        if (!clear) {
            await(bytes, ofFeed);
        }
        return clear;
    }

    /** Counts the memory of bytes that wait. A slice pins its whole frame. */
    private void await(ByteBuf bytes, boolean ofFeed) {
        if (channel.pipeline().get(TlsHandler.class) != null) {
            awaitEncrypted(ofFeed);
            return;
        }
        LoopMemory.HeldBytes frame = streams.memory().hold(bytes);
        long size = frame.size();
        MemoryAccount account = streams.memory().account(this, this::overBudget);
        boolean allowed = account.held(size);
        backpressure |= ofFeed;
        whenFlushed(
                () -> {
                    frame.leave();
                    account.flushed(size);
                    if (ofFeed) {
                        backpressure = false;
                        writable();
                    }
                });
        if (!allowed) {
            overBudget();
        }
    }

    /**
     * What waits over TLS is a copy that only this client gets; the frame is not needed any more.
     */
    private void awaitEncrypted(boolean ofFeed) {
        backpressure |= ofFeed;
        whenFlushed(
                () -> {
                    countEncrypted();
                    if (ofFeed) {
                        backpressure = false;
                        writable();
                    }
                });
        if (!countEncrypted()) {
            overBudget();
        }
    }

    /** Returns false if there is no memory for what waits. */
    private boolean countEncrypted() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        long bytes = pending == null ? 0 : pending.totalPendingWriteBytes();
        return streams.memory()
                .account(this, this::overBudget)
                .output(streams.memory().server().counted(bytes));
    }

    /** Runs the action when the socket has taken everything written before, or never will. */
    final void whenFlushed(Runnable action) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> guarded(action));
    }

    /** Ends the body and closes the connection after the last byte. */
    final void sendEnd() {
        if (!gone) {
            flushBatch();
            // Without chunks this is an empty write, which completes after the writes before it.
            channel.writeAndFlush(framing.end()).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /**
     * Drops everything from now on. From any thread. A stream whose connection closed before its
     * head was sent must not write: its bytes would meet the HTTP codecs.
     */
    final void drop() {
        gone = true;
    }
}
