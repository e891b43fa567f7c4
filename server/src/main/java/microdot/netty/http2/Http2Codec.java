package microdot.netty.http2;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/** Netty's codec of one connection, with the limits of the server. */
final class Http2Codec extends Http2ConnectionHandler {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** How long a client that broke a rule has to read why, before its connection is closed. */
    private static final long LAST_FRAME_MILLIS = 2_000;

    private @Nullable ChannelHandlerContext context;

    private Http2Codec(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings) {
        // Closing the channel closes it: who wants to wait for streams does that before.
        super(decoder, encoder, settings, true);
    }

    /** Creates the codec of a connection whose frames go to the listener. */
    static Http2Codec of(ServerOptions options, Http2FrameListener listener) {
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
                        .maxHeaderListSize(options.maxHead());
        return new Builder(connection, settings, listener).build();
    }

    private static final class Builder
            extends AbstractHttp2ConnectionHandlerBuilder<Http2Codec, Builder> {
        private Builder(
                DefaultHttp2Connection connection,
                Http2Settings settings,
                Http2FrameListener listener) {
            connection(connection);
            initialSettings(settings);
            frameListener(listener);
            validateRequiredPseudoHeaders(true);
            gracefulShutdownTimeoutMillis(LAST_FRAME_MILLIS);
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
            return new Http2Codec(decoder, encoder, settings);
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
        super.onConnectionError(ctx, outbound, cause, known);
    }
}
