package benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 or HTTP/2 over TLS, on one event loop, whose thread is that of the caller. BoringSSL if
 * it is there, because it leaves more of the CPU to the server.
 */
final class SecureConnections implements Connections {
    private static final long CONNECT = Duration.ofSeconds(10).toNanos();

    /** Sessions that are kept, at least two tickets for each connection of a wave. */
    private static final int SESSIONS = 50_000;

    private final Wire wire;
    private final String version;
    private final int streamsPerConnection;
    private final AnyCertificate certificates = new AnyCertificate();
    private final ManualIoEventLoop loop;
    private final Bootstrap bootstrap;
    private final SslContext tls;
    private final SslContext publisherTls;
    private final byte[] buffer = new byte[256 << 10];
    private final Set<Channel> streams = new LinkedHashSet<>();
    private @Nullable Channel publisher;
    private @Nullable SecureHttp2 latest;
    private @Nullable Throwable failure;

    // Sessions are kept by host and port. A number in place of the port tells those of the
    // connections of a wave apart, so that each resumes its own.
    private int session = 1;
    private int firstOfWave = 1;
    private int firstOfNext = 1;
    private long handshakes;
    private boolean closed;

    /**
     * @param version the version of TLS that every server must choose: {@code TLSv1.3}, offered
     *     beside 1.2 as browsers do, or {@code TLSv1.2}, offered alone
     * @param streamsPerConnection how many streams share a connection, with HTTP/2
     */
    SecureConnections(InetSocketAddress server, Wire wire, String version, int streamsPerConnection)
            throws SSLException {
        this.wire = wire;
        this.streamsPerConnection = streamsPerConnection;
        this.version = version;
        tls = context(wire == Wire.HTTP2 ? "h2" : "http/1.1");
        publisherTls = context("http/1.1");
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        loop = new ManualIoEventLoop(Thread.currentThread(), io);
        bootstrap =
                new Bootstrap()
                        .group(loop)
                        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .remoteAddress(server);
    }

    private SslContext context(String application) throws SSLException {
        SslContext context =
                SslContextBuilder.forClient()
                        .sslProvider(
                                OpenSsl.isAvailable()
                                        ? SslProvider.OPENSSL_REFCNT
                                        : SslProvider.JDK)
                        .trustManager(certificates)
                        .endpointIdentificationAlgorithm(null)
                        .protocols(
                                version.equals("TLSv1.2")
                                        ? List.of(version)
                                        : List.of(version, "TLSv1.2"))
                        .applicationProtocolConfig(
                                new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        application))
                        .build();
        context.sessionContext().setSessionCacheSize(SESSIONS);
        return context;
    }

    @Override
    public void open(String path, Receiver receiver) {
        if (wire == Wire.HTTP2) {
            SecureHttp2 connection = latest;
            if (connection == null || connection.opened() == streamsPerConnection) {
                connection = SecureHttp2.create(this::failed, buffer);
                latest = connection;
                streams.add(connect(tls, connection));
            }
            connection.open(path, receiver);
        } else {
            var stream = new Http1Stream(receiver);
            streams.add(
                    connect(
                            tls,
                            new SecureHandler(
                                    PlainConnections.request(path),
                                    stream,
                                    stream::ended,
                                    this::failed,
                                    buffer)));
        }
    }

    @Override
    public void connectPublisher(Bytes responses) throws IOException {
        Runnable ended = () -> failed(new IOException("the connection of the publisher has ended"));
        Channel channel =
                connect(
                        publisherTls,
                        new SecureHandler(new byte[0], responses, ended, this::failed, buffer));
        publisher = channel;
        firstOfNext = session;
        long deadline = System.nanoTime() + CONNECT;
        while (handshakes == 0) {
            pump(deadline);
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the publisher could not connect");
            }
        }
    }

    private Channel connect(SslContext context, ChannelHandler handler) {
        int own = session++;
        return bootstrap
                .clone()
                .handler(
                        new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline()
                                        .addLast(
                                                context.newHandler(
                                                        channel.alloc(), "localhost", own))
                                        .addLast(new Handshake())
                                        .addLast(handler);
                            }
                        })
                .connect()
                .addListener(
                        connected -> {
                            if (!connected.isSuccess()) {
                                failed(connected.cause());
                            }
                        })
                .channel();
    }

    private void failed(Throwable cause) {
        if (failure == null && !closed) {
            failure = cause;
        }
    }

    @Override
    public void send(byte[] request) {
        Objects.requireNonNull(publisher).writeAndFlush(Unpooled.wrappedBuffer(request));
    }

    @Override
    public void pump(long until) {
        long left = until - System.nanoTime();
        if (left > 0) {
            loop.run(left);
        } else {
            loop.runNow();
        }
        Throwable cause = failure;
        if (cause != null) {
            throw new IllegalStateException(wire.text + ": " + cause, cause);
        }
    }

    @Override
    public void closeStreams() {
        streams.forEach(Channel::close);
        streams.clear();
        latest = null;
        firstOfWave = firstOfNext;
        firstOfNext = session;
    }

    @Override
    public void resumeSessions() {
        session = firstOfWave;
    }

    @Override
    public int fullHandshakes() {
        return certificates.checked;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        streams.forEach(Channel::close);
        if (publisher != null) {
            publisher.close();
        }
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
        ReferenceCountUtil.release(tls);
        ReferenceCountUtil.release(publisherTls);
    }

    /** Fails unless the handshake chose what is measured. */
    private final class Handshake extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                check(context.pipeline().get(SslHandler.class), handshake);
                context.pipeline().remove(this);
            }
            context.fireUserEventTriggered(event);
        }

        private void check(SslHandler handler, SslHandshakeCompletionEvent handshake) {
            String chosen = handler.engine().getSession().getProtocol();
            if (!handshake.isSuccess()) {
                failed(handshake.cause());
            } else if (!version.equals(chosen)) {
                failed(new IOException("TLS: " + chosen + " (expected: " + version + ")"));
            } else {
                handshakes++;
            }
        }

        /** The connection closes. */
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failed(cause);
        }
    }

    /** Trusts every certificate, and counts them. A resumed session has none. */
    private static final class AnyCertificate extends X509ExtendedTrustManager {
        int checked;

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            checked++;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            checked++;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            checked++;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
