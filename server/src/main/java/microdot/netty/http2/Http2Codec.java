package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/** Netty's codec of one connection, with the limits of the server. */
final class Http2Codec extends Http2ConnectionHandler {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** How long a client that broke a rule has to read why, before its connection is closed. */
    private static final long LAST_FRAME_MILLIS = 2_000;

    /**
     * How many streams a client may make this side reset in 30 seconds: with more it is
     * disconnected, because it begins requests at no cost of its own (CVE-2025-8671).
     */
    private static final int MAX_FAULTS = 200;

    /**
     * How many streams a client may reset in 30 seconds, those with a response included: a proxy
     * resets the streams of all browsers that leave a page.
     */
    private static final int MAX_RESETS = 2_000;

    /**
     * How much longer than allowed a head may be so that only its request is refused. Netty ends
     * the connection above 1.25 times its own limit, and so the requests of all other users of a
     * proxy.
     */
    private static final long READ_TIMES = 4;

    private static final long MAX_LIST = 0xFFFF_FFFFL;

    private @Nullable ChannelHandlerContext context;
    private final FrameLimit faults = new FrameLimit(MAX_FAULTS, 30);
    private Runnable whenFailed = () -> {};
    private Runnable whenHeadRefused = () -> {};
    private Runnable beforeReset = () -> {};
    private boolean failed; // The client broke a rule of the connection.
    private boolean inputIgnored;
    private @Nullable ByteBuf decoding; // The buffer that is being decoded.
    private int followedTo; // Up to where in it the frames were followed.
    private final UnfinishedHead head = new UnfinishedHead();
    private final ResetStreams resets;
    private Predicate<Http2Stream> accepted = stream -> false;

    private Http2Codec(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            ResetStreams resets) {
        // Closing the channel closes it at once, also while there are streams.
        super(decoder, encoder, settings, true);
        this.resets = resets;
    }

    /** Creates the codec of a connection; its frames go nowhere until there is a listener. */
    static Http2Codec of(ServerOptions options) {
        var connection = new DefaultHttp2Connection(true);
        // Streams share what is written there equally; it takes less memory than weights.
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(
                                connection, new UniformStreamByteDistributor(connection)));
        var settings =
                new Http2Settings()
                        .maxConcurrentStreams(options.maxConcurrentStreams())
                        .maxHeaderListSize(Math.min(MAX_LIST, READ_TIMES * options.maxHead()));
        return new Builder(connection, settings, new ResetStreams(options.maxConcurrentStreams()))
                .build();
    }

    private static final class Builder
            extends AbstractHttp2ConnectionHandlerBuilder<Http2Codec, Builder> {
        private final ResetStreams resets;

        private Builder(
                DefaultHttp2Connection connection, Http2Settings settings, ResetStreams resets) {
            this.resets = resets;
            connection(connection);
            initialSettings(settings);
            frameListener(new Http2FrameAdapter());
            validateRequiredPseudoHeaders(true);
            gracefulShutdownTimeoutMillis(LAST_FRAME_MILLIS);
            decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, 30);
            // In onSettingsRead, after the frames that the old windows allowed.
            autoAckSettingsFrame(false);
            encoderEnforceMaxRstFramesPerWindow(0, 0); // See MAX_FAULTS: the client learns why.
        }

        @Override
        protected Http2Codec build() {
            return super.build();
        }

        @Override
        protected Http2Codec build(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings settings) {
            return new Http2Codec(decoder, encoder, settings, resets);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
    }

    /** Returns its place in the pipeline. */
    ChannelHandlerContext context() {
        return Objects.requireNonNull(context);
    }

    /** Returns the memory of input that is no frame yet, and of an unfinished head, in bytes. */
    long memory() {
        long unread = actualReadableBytes();
        return head.memory() + (unread == 0 ? 0 : Math.max(unread, internalBuffer().capacity()));
    }

    /** Returns whether a head is unfinished for longer than a time in nanoseconds. */
    boolean isHeadLate(long now, long longest) {
        return head.isLate(now, longest);
    }

    /** Sets the test whether the request of a stream was accepted. */
    void onlyAccepted(Predicate<Http2Stream> test) {
        accepted = test;
    }

    /** Sets what writes the frames that must come before that of a reset. */
    void beforeReset(Runnable action) {
        beforeReset = action;
    }

    /** Returns whether the client broke a rule of the connection, and got a GOAWAY for it. */
    boolean hasFailed() {
        return failed;
    }

    /**
     * Ignores what the client sends from now on, and what of it has come and is not decoded yet.
     */
    void ignoreInput() {
        inputIgnored = true;
        ByteBuf in = decoding;
        if (in != null) {
            in.skipBytes(in.readableBytes());
        }
    }

    /** Sets what is done after a client that broke a rule of the connection got its GOAWAY. */
    void whenFailed(Runnable action) {
        whenFailed = action;
    }

    /** Sets what is done when a head is so long that Netty answers it with 431. */
    void whenHeadRefused(Runnable action) {
        whenHeadRefused = action;
    }

    @Override
    protected void handleServerHeaderDecodeSizeError(
            ChannelHandlerContext ctx, Http2Stream stream) {
        super.handleServerHeaderDecodeSizeError(ctx, stream);
        whenHeadRefused.run();
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
            throws Exception {
        if (inputIgnored) {
            in.skipBytes(in.readableBytes());
        } else {
            decoding = in;
            followedTo = in.readerIndex();
            super.decode(ctx, in, out);
            follow();
            decoding = null;
        }
    }

    private void follow() {
        ByteBuf in = decoding;
        if (in != null) {
            head.follow(in, followedTo, in.readerIndex());
            followedTo = in.readerIndex();
        }
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx,
            boolean outbound,
            Throwable cause,
            Http2Exception.StreamException fault) {
        LOG.log(
                Level.DEBUG,
                () ->
                        "a stream of "
                                + ctx.channel().remoteAddress()
                                + " is reset: "
                                + fault.getMessage());
        Http2Stream stream = connection().stream(fault.streamId());
        if (!outbound && stream == null && resets.contains(fault.streamId())) {
            return; // The client did not know yet that it was reset.
        }
        Http2Exception broken = outbound ? null : brokenRule(fault);
        if (broken != null) {
            onError(ctx, false, broken);
        } else if (!outbound && stream == null) {
            afterEnd(ctx, fault);
        } else if (stream != null
                && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE
                && fault.error() == Http2Error.PROTOCOL_ERROR
                && accepted.test(stream)) {
            // Its request is whole: RFC 9113, section 5.1. Netty reports a second head otherwise.
            resetStream(ctx, stream.id(), Http2Error.STREAM_CLOSED.code(), ctx.newPromise());
        } else {
            super.onStreamError(ctx, outbound, cause, fault);
        }
    }

    /** Returns the fault of the connection that this one is; null if it is that of its stream. */
    private @Nullable Http2Exception brokenRule(Http2Exception.StreamException fault) {
        follow();
        if (head.isPushed()) { // RFC 9113, section 8.4. Netty reads its head first.
            return Http2Exception.connectionError(
                    Http2Error.PROTOCOL_ERROR, "a client cannot push");
        }
        int id = fault.streamId();
        boolean mayOpen = head.isOfRequest() && connection().remote().isValidStreamId(id);
        if (!mayOpen && !connection().streamMayHaveExisted(id)) {
            // Section 5.1: a stream that was not opened may not be reset.
            return Http2Exception.connectionError(fault.error(), "%s", fault.getMessage());
        }
        return faults.isExceeded()
                ? Http2Exception.connectionError(
                        Http2Error.ENHANCE_YOUR_CALM,
                        "more than %d streams with faults in 30 s",
                        MAX_FAULTS)
                : null;
    }

    /** A frame came for a stream that has ended: that breaks a rule (RFC 9113, section 5.1). */
    private void afterEnd(ChannelHandlerContext ctx, Http2Exception.StreamException fault) {
        if (fault.error() != Http2Error.STREAM_CLOSED) {
            super.onStreamError(ctx, false, fault, fault);
        } else {
            onError(
                    ctx,
                    false,
                    Http2Exception.connectionError(
                            Http2Error.STREAM_CLOSED, "%s", fault.getMessage()));
        }
    }

    @Override
    public ChannelFuture resetStream(
            ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
        resets.add(streamId);
        beforeReset.run();
        ChannelFuture written = super.resetStream(ctx, streamId, errorCode, promise);
        Http2Stream stream = connection().stream(streamId);
        if (stream != null) {
            // Netty would close it when the socket has taken the frame, and write an entry to the
            // log for each frame of the stream that comes before that.
            stream.close();
        }
        return written;
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx,
            boolean outbound,
            Throwable cause,
            @Nullable Http2Exception known) {
        LOG.log(
                Level.DEBUG,
                () ->
                        "the HTTP/2 connection of "
                                + ctx.channel().remoteAddress()
                                + " is closed: "
                                + cause.getMessage());
        if (outbound || known == null) {
            super.onConnectionError(ctx, outbound, cause, known);
        } else if (!failed) {
            failed = true;
            int last = connection().remote().lastStreamCreated();
            if (connection().goAwaySent()) {
                last = Math.min(last, connection().remote().lastStreamKnownByPeer());
            }
            ByteBuf reason = Http2CodecUtil.toByteBuf(ctx, known);
            // Not by goAway, which closes the connection as soon as the frame is written.
            encoder()
                    .frameWriter()
                    .writeGoAway(ctx, last, known.error().code(), reason, ctx.newPromise());
            whenFailed.run();
        }
    }
}
