package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.netty.exchange.Observation;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.limits.LoopMemory;
import microdot.netty.stream.FrameOutput;
import microdot.netty.stream.OpenStream;
import org.jspecify.annotations.Nullable;

/** A stream whose response is being written: its body goes out as the client reads. */
final class ResponseStream implements OpenStream {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** What is read of a body at once, so that a long one leaves room for other streams. */
    private static final int SLICE = 32 << 10;

    /** The unread bytes of a request that are dropped before the client has the response. */
    private static final int MAX_DROPPED = 64 << 10;

    private final Http2Streams streams;
    private final Http2Stream stream;
    private final ReferenceCounted content;
    private final long length;
    private final @Nullable Observation observation;
    private final int status;
    private final byte @Nullable [] kept; // Kept until all of it is written.
    private long written;
    private long dropped; // Bytes of the request that came after the response had begun.
    private boolean waits;
    private LoopMemory.@Nullable HeldBytes held; // Counts the content, since it began to wait.
    private boolean ended; // The end is on its way.
    private long since = System.nanoTime(); // When bytes were last written.

    /** Writes a response that is not a stream, unless the client has left. */
    static void begin(
            Http2Streams streams,
            Http2Stream stream,
            OpenedResponse response,
            boolean headOnly,
            @Nullable Observation observation) {
        long length = headOnly || response.isBodiless() ? 0 : response.length();
        var written = new ResponseStream(streams, stream, response, length, observation);
        if (Http2Streams.isClosed(stream)) {
            written.closed(streams.closeReason());
            return;
        }
        streams.become(stream, written);
        streams.output().head(stream, ResponseHead.of(response), false);
        written.writable();
    }

    /**
     * Creates the stream of a response whose head is written next.
     *
     * @param length that of the body that is sent; 0 without one
     */
    private ResponseStream(
            Http2Streams streams,
            Http2Stream stream,
            OpenedResponse response,
            long length,
            @Nullable Observation observation) {
        this.streams = streams;
        this.stream = stream;
        this.content = response.content();
        this.kept = response.kept();
        this.length = length;
        this.status = response.response().status();
        this.observation = observation;
    }

    @Override
    public void writable() {
        waits = false;
        try {
            write();
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.ERROR,
                    () -> "the body of a response to " + client() + " failed; its stream is reset",
                    e);
            reset(CloseReason.FAILED, Http2Error.INTERNAL_ERROR);
        }
    }

    private Object client() {
        return streams.channel().remoteAddress();
    }

    private void write() throws IOException {
        FrameOutput output = streams.output();
        while (written < length && !ended) {
            int room = Math.min(output.room(stream), SLICE);
            if (room == 0) {
                await();
                return;
            }
            int count = (int) Math.min(room, length - written);
            writeSlice(output, count);
            since = System.nanoTime();
        }
        if (!ended) {
            ended = true;
            release();
            output.end(stream)
                    .addListener(done -> sent(done.isSuccess() ? null : streams.closeReason()));
        }
    }

    /** Counts the memory of a body that waits for its client. */
    private void await() {
        waits = true;
        streams.output().await(this);
        if (held != null || (kept == null && content instanceof FileRegion)) {
            return;
        }
        LoopMemory.HeldBytes body =
                streams.loop().streams().memory().hold(kept == null ? content : kept);
        held = body;
        if (!streams.output().account().held(body.size())) {
            reset(CloseReason.OVER_BUDGET, Http2Error.CANCEL);
        }
    }

    private void release() {
        content.release();
        LoopMemory.HeldBytes body = held;
        if (body != null) {
            held = null;
            long size = body.size();
            body.leave();
            streams.output().account().flushed(size);
        }
    }

    private void writeSlice(FrameOutput output, int count) throws IOException {
        if (content instanceof ByteBuf bytes) {
            output.write(stream, bytes, bytes.readerIndex() + (int) written, count);
            written += count;
            return;
        }
        ByteBuf slice = streams.channel().alloc().buffer(count);
        try {
            var target = new BufferChannel(slice, count);
            long read = ((FileRegion) content).transferTo(target, written);
            if (read <= 0) {
                throw new IOException(
                        "the file ended after " + written + " bytes (expected: " + length + ")");
            }
            output.write(stream, slice, slice.readerIndex(), slice.readableBytes());
            written += slice.readableBytes();
        } finally {
            slice.release();
        }
    }

    private void sent(@Nullable CloseReason failure) {
        Observation observed = observation;
        if (observed != null) {
            observed.responded(status, length, failure);
        }
    }

    /** An early response is not lost because its client sends on: that client just waits. */
    @Override
    public int drop(int count) {
        dropped += count;
        return dropped > MAX_DROPPED ? 0 : count;
    }

    @Override
    public void tick(long now) {
        Channel channel = streams.channel();
        boolean mayTakeMore = channel.isActive() && !streams.output().isFull();
        if (waits && mayTakeMore && streams.loop().streams().isStalled(since, now)) {
            reset(CloseReason.CLIENT_STALLED, Http2Error.CANCEL);
        }
    }

    private void reset(CloseReason reason, Http2Error error) {
        end(reason); // First: the reset closes the stream, which would be the reason.
        streams.output().reset(stream, error);
    }

    /** Ends it before its end, once. */
    private void end(CloseReason reason) {
        if (!ended) {
            ended = true;
            release();
            sent(reason);
        }
    }

    @Override
    public void drain(LongSupplier ends) {
        // It ends by itself.
    }

    @Override
    public void stop() {
        // The client gets all of it within the time that the server has for that.
    }

    @Override
    public void closed(CloseReason reason) {
        streams.output().forget(this);
        end(reason);
    }
}
