package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import microdot.netty.stream.OpenStream;

/** Hands the frames of one client on to its streams, and limits those that carry nothing. */
final class FrameListener extends Http2FrameAdapter {
    /** How many frames that need an answer, or do nothing, a client may send in ten seconds. */
    private static final int MAX_IDLE_FRAMES = 1_000;

    /** How many requests a client may reset before their response has begun, in 30 seconds. */
    private static final int MAX_ABANDONED = 200;

    private static final Logger LOG = System.getLogger("microdot.netty");

    private final Http2Streams streams;
    private final RequestFrames requests;
    private final FrameLimit abandoned = new FrameLimit(MAX_ABANDONED, 30);
    private final FrameLimit idleFrames = new FrameLimit(MAX_IDLE_FRAMES, 10);

    FrameListener(Http2Streams streams, RequestFrames requests) {
        this.streams = streams;
        this.requests = requests;
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int padding,
            boolean endOfStream)
            throws Http2Exception {
        headers(streamId, headers, endOfStream);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int streamDependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endOfStream)
            throws Http2Exception {
        headers(streamId, headers, endOfStream);
    }

    @Override
    public int onDataRead(
            ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
            throws Http2Exception {
        try {
            return requests.data(streamId, data, data.readableBytes() + padding, endOfStream);
        } catch (RuntimeException e) {
            throw failed(streamId, e);
        }
    }

    private void headers(int streamId, Http2Headers fields, boolean last) throws Http2Exception {
        try {
            requests.headers(streamId, fields, last);
        } catch (RuntimeException e) {
            throw failed(streamId, e);
        }
    }

    /** A fault of the server ends one stream and not its siblings. */
    private static Http2Exception failed(int streamId, RuntimeException failure) {
        LOG.log(Level.ERROR, "a stream of HTTP/2 failed; it is reset", failure);
        return Http2Exception.streamError(
                streamId, Http2Error.INTERNAL_ERROR, failure, "the server failed");
    }

    /** Counts requests that are reset before their response has begun (CVE-2023-44487). */
    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
            throws Http2Exception {
        if (streams.of(streamId) instanceof RequestStream && abandoned.isExceeded()) {
            throw Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "more than %d requests reset before their response in 30 s",
                    MAX_ABANDONED);
        }
    }

    @Override
    public void onWindowUpdateRead(
            ChannelHandlerContext ctx, int streamId, int windowSizeIncrement) {
        OpenStream open = streamId == 0 ? null : streams.of(streamId);
        if (open != null) {
            open.writable();
        } else {
            streams.output().resume();
        }
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
            throws Http2Exception {
        countIdle();
        streams.acknowledgeSettings();
        streams.each(OpenStream::writable); // It may have changed all windows.
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
        countIdle();
    }

    @Override
    public void onPriorityRead(
            ChannelHandlerContext ctx,
            int streamId,
            int streamDependency,
            short weight,
            boolean exclusive)
            throws Http2Exception {
        countIdle();
    }

    @Override
    public void onUnknownFrame(
            ChannelHandlerContext ctx,
            byte frameType,
            int streamId,
            Http2Flags flags,
            ByteBuf payload) {
        try {
            countIdle();
        } catch (Http2Exception e) {
            streams.failed(e); // Netty's adapter lets this method throw nothing.
        }
    }

    private void countIdle() throws Http2Exception {
        if (idleFrames.isExceeded()) {
            throw Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "more than %d PING, SETTINGS, PRIORITY and unknown frames in 10 s",
                    MAX_IDLE_FRAMES);
        }
    }
}
