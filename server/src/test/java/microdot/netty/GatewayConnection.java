package microdot.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A connection of the {@link Http2Gateway} to the server. Confined to its loop. */
final class GatewayConnection {
    private static final int WINDOW = 64 << 20;

    private final Http2Gateway gateway;
    private final Codec codec;
    private final Channel channel;
    private final Set<GatewayClient> clients = new LinkedHashSet<>();
    private final Map<Integer, GatewayClient> streams = new HashMap<>();
    private boolean ready;
    private boolean ending;

    GatewayConnection(Http2Gateway gateway, EventLoop loop, int port, boolean tls) {
        this.gateway = gateway;
        this.codec = new Builder(new Frames()).build();
        codec.connection().addListener(new GoAway());
        ChannelFuture connected =
                new Bootstrap()
                        .group(loop)
                        .channel(NioSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .handler(new Handlers(tls))
                        .connect(InetAddress.getLoopbackAddress(), port);
        this.channel = connected.channel();
        channel.closeFuture().addListener(closed -> lost());
    }

    private final class Handlers extends ChannelInitializer<Channel> {
        private final boolean tls;

        Handlers(boolean tls) {
            this.tls = tls;
        }

        @Override
        protected void initChannel(Channel made) {
            if (tls) {
                made.pipeline().addLast(secured().newHandler(made.alloc()));
            }
            made.pipeline().addLast(codec);
        }
    }

    /** Returns the TLS of a client that speaks HTTP/2 and trusts every server. */
    private static SslContext secured() {
        var http2 =
                new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2);
        return new JdkSslContext(
                TestCertificate.clients(null),
                true,
                null,
                IdentityCipherSuiteFilter.INSTANCE,
                http2,
                ClientAuth.NONE,
                null,
                false);
    }

    private static final class Codec extends Http2ConnectionHandler {
        private @Nullable ChannelHandlerContext context;

        Codec(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings settings) {
            super(decoder, encoder, settings);
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
            context = ctx;
            super.handlerAdded(ctx);
        }

        ChannelHandlerContext context() {
            return Objects.requireNonNull(context);
        }
    }

    private static final class Builder
            extends AbstractHttp2ConnectionHandlerBuilder<Codec, Builder> {
        Builder(Http2FrameAdapter frames) {
            server(false);
            initialSettings(new Http2Settings().pushEnabled(false));
            frameListener(frames);
            gracefulShutdownTimeoutMillis(0);
        }

        @Override
        protected Codec build() {
            return super.build();
        }

        @Override
        protected Codec build(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings settings) {
            return new Codec(decoder, encoder, settings);
        }
    }

    private final class Frames extends Http2FrameAdapter {
        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
                throws Http2Exception {
            if (!ready) {
                ready = true;
                Http2Stream whole = codec.connection().connectionStream();
                codec.decoder().flowController().incrementWindowSize(whole, WINDOW);
                gateway.count(clients.size());
                List.copyOf(clients).forEach(GatewayClient::next);
            }
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
                boolean endOfStream) {
            onHeadersRead(ctx, streamId, headers, padding, endOfStream);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int padding,
                boolean endOfStream) {
            GatewayClient client = streams.get(streamId);
            if (client != null) {
                client.head(headers, endOfStream);
            }
        }

        @Override
        public int onDataRead(
                ChannelHandlerContext ctx,
                int streamId,
                ByteBuf data,
                int padding,
                boolean endOfStream) {
            GatewayClient client = streams.get(streamId);
            if (client == null) {
                return data.readableBytes() + padding;
            }
            client.body(codec.connection().stream(streamId), data, endOfStream);
            return padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) {
            GatewayClient client = streams.remove(streamId);
            if (client != null) {
                client.lost();
            }
        }
    }

    private final class GoAway extends Http2ConnectionAdapter {
        @Override
        public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
            ending = true;
            // Later: Netty closes the streams that were not accepted after this.
            codec.context()
                    .executor()
                    .execute(() -> List.copyOf(clients).forEach(GatewayClient::next));
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            GatewayClient client = streams.remove(stream.id());
            if (client != null) {
                client.lost();
            }
        }
    }

    Channel channel() {
        return channel;
    }

    boolean isReady() {
        return ready;
    }

    /** Returns whether it takes no further requests. */
    boolean isEnding() {
        return ending;
    }

    int clients() {
        return clients.size();
    }

    void join(GatewayClient client) {
        clients.add(client);
        gateway.count(ready ? 1 : 0);
        if (!channel.isOpen()) {
            client.lost();
        }
    }

    void leave(GatewayClient client) {
        if (clients.remove(client)) {
            gateway.count(ready ? -1 : 0);
            closeIfUnused();
        }
    }

    void closeIfUnused() {
        if (clients.isEmpty() && (gateway.isClosing() || ending)) {
            ending = true;
            gateway.remove(this);
            channel.close();
        }
    }

    /** Begins a request; returns the id of its stream. */
    int request(GatewayClient client, Http2Headers head, boolean last) {
        int id = codec.connection().local().incrementAndGetNextStreamId();
        streams.put(id, client);
        codec.encoder()
                .writeHeaders(codec.context(), id, head, 0, last, codec.context().newPromise())
                .addListener(
                        done -> {
                            if (!done.isSuccess() && streams.remove(id) != null) {
                                client.lost();
                            }
                        });
        codec.flush(codec.context());
        return id;
    }

    ChannelFuture send(int id, ByteBuf bytes, boolean last) {
        ChannelFuture sent =
                codec.encoder()
                        .writeData(
                                codec.context(), id, bytes, 0, last, codec.context().newPromise());
        codec.flush(codec.context());
        return sent;
    }

    /** The client has read bytes of a body. */
    void consumed(Http2Stream stream, int count) {
        try {
            if (codec.decoder().flowController().consumeBytes(stream, count)) {
                codec.flush(codec.context());
            }
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The stream has no client any more. */
    void cancel(int id) {
        if (streams.remove(id) != null) {
            codec.resetStream(
                    codec.context(), id, Http2Error.CANCEL.code(), codec.context().newPromise());
            codec.flush(codec.context());
        }
    }

    /** The response of the stream is whole. */
    void done(int id) {
        streams.remove(id);
    }

    private void lost() {
        ending = true;
        gateway.remove(this);
        streams.clear();
        List.copyOf(clients).forEach(GatewayClient::lost);
    }
}
