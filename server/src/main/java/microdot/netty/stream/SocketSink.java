package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.Socket;
import java.util.Collection;
import java.util.Objects;
import microdot.ClosingFrames;
import microdot.netty.limits.LoopMemory;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/**
 * The body of a stream that has its connection for itself: the last response of an HTTP/1.1
 * connection. Writes the bytes to the socket, in order, by the cheapest of three ways: together
 * with other streams in the {@link SendBatch}, directly to the socket, or through Netty's pipeline.
 * Only the pipeline can wait, so what a socket does not take follows through it.
 */
public final class SocketSink extends ChannelSink implements SendBatch.Sender {
    private final Channel channel;
    private final Framing framing;
    private final @Nullable Socket socket;
    private volatile boolean gone;
    private boolean clear; // Nothing of this stream is in the pipeline.
    private boolean batched; // Something of this stream is in the batch.
    private boolean backpressure; // The socket did not take all bytes of the feed.
    private long lastWrite = System.nanoTime();

    /** Creates a sink that writes after the head of its response; from any thread. */
    public SocketSink(
            Channel channel, Framing framing, ClosingFrames closingFrames, LoopStreams streams) {
        super(closingFrames, streams);
        this.channel = channel;
        this.framing = framing;
        this.socket = DirectSend.socketOf(channel);
    }

    @Override
    int room() {
        return backpressure ? 0 : SLICE_BYTES;
    }

    @Override
    public boolean mayWait() {
        return !clear;
    }

    @Override
    public Socket socket() {
        return Objects.requireNonNull(socket); // Only streams with a socket enter the batch.
    }

    @Override
    public long lastWrite() {
        return lastWrite;
    }

    @Override
    boolean hasBackpressure() {
        return backpressure;
    }

    @Override
    boolean isWriting() {
        return batched || StallDetector.isWriting(channel);
    }

    @Override
    boolean send(Collection<byte[]> parts, long size) {
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

    @Override
    void sendShared(int room) {
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
    public void sent(ByteBuf bytes, int count) {
        batched = false;
        sendRest(bytes, count, true);
    }

    /** Sends this stream's part of the batch before anything else is written. */
    @Override
    void flushBatch() {
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
                        pull();
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
                        pull();
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

    @Override
    void whenFlushed(Runnable action) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> guarded(action));
    }

    /** Ends the body and closes the connection after the last byte. */
    @Override
    void sendEnd() {
        if (!gone) {
            flushBatch();
            // Without chunks this is an empty write, which completes after the writes before it.
            channel.writeAndFlush(framing.end()).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    void drop() {
        gone = true;
    }

    @Override
    void disconnect() {
        channel.close();
    }

    @Override
    public void whenDisconnected(Runnable action) {
        channel.closeFuture()
                .addListener(
                        closed -> {
                            disconnected(); // Netty notifies the connection after its listeners.
                            action.run();
                        });
    }

    @Override
    Object client() {
        return String.valueOf(channel.remoteAddress());
    }
}
