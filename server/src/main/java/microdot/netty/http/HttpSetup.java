package microdot.netty.http;

import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.util.List;
import java.util.function.Function;
import microdot.netty.exchange.ServerContext;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.OncePerMinute;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.Peers;
import microdot.netty.tls.TlsContext;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/** Sets up the pipeline of each accepted connection. */
public final class HttpSetup extends ChannelInitializer<DuplexChannel> {
    private static final String HTTP2 = "h2";

    /** What is offered by ALPN (RFC 7301), the preferred one first. */
    public static final List<String> PROTOCOLS = List.of(HTTP2, "http/1.1");

    /**
     * The bytes of a PROXY header beside the addresses: the names of a certificate, and the like.
     */
    private static final int MAX_TLVS = 4 << 10;

    private final ServerContext server;
    private final Function<EventLoop, LoopConnections> loops;
    private final ProxyHeaderPhase.Rules header;
    private final @Nullable TlsContext tls;
    private final boolean proxyProtocol;

    /**
     * Creates the setup of a server.
     *
     * @param loops gives the connections of an event loop
     * @param tls null if connections have no TLS
     * @param proxyProtocol whether connections begin with a PROXY header
     */
    public HttpSetup(
            ServerContext server,
            Function<EventLoop, LoopConnections> loops,
            ConnectionLimits limits,
            @Nullable TlsContext tls,
            boolean proxyProtocol) {
        this.server = server;
        this.loops = loops;
        this.tls = tls;
        this.proxyProtocol = proxyProtocol;
        this.header =
                new ProxyHeaderPhase.Rules(
                        new Peers(server.options()), limits, new OncePerMinute());
    }

    @Override
    protected void initChannel(DuplexChannel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        if (proxyProtocol) {
            if (!header.admit(channel)) {
                return;
            }
            // The decoder leaves the pipeline with its message, and passes on what follows it.
            pipeline.addLast(
                    new HAProxyMessageDecoder(MAX_TLVS),
                    connection(channel, first -> new ProxyHeaderPhase(first, header, this::begin)));
            return;
        }
        Peer peer = header.peers().of(channel);
        if (tls != null) {
            pipeline.addLast(
                    new HandshakeStart(tls), connection(channel, first -> handshake(first, peer)));
            return;
        }
        StrictRequestDecoder decoder = decoder();
        pipeline.addLast(
                decoder,
                new HttpResponseEncoder(),
                connection(channel, first -> new RequestPhase(first, decoder, peer)));
    }

    private HttpConnection connection(
            DuplexChannel channel, Function<HttpConnection, ConnectionPhase> firstPhase) {
        return new HttpConnection(channel, server, loops.apply(channel.eventLoop()), firstPhase);
    }

    /** The PROXY header was read. */
    private void begin(HttpConnection connection, Peer peer) {
        if (tls == null) {
            beginHttp1(connection, peer);
        } else {
            ChannelPipeline pipeline = connection.channel().pipeline();
            connection.become(handshake(connection, peer));
            String last = pipeline.context(connection).name();
            pipeline.addBefore(last, null, new HandshakeStart(tls));
        }
    }

    private HandshakePhase handshake(HttpConnection connection, Peer peer) {
        return new HandshakePhase(connection, handler -> begin(connection, peer, handler));
    }

    /** The handshake has succeeded: the client and the server have chosen a protocol by ALPN. */
    private void begin(HttpConnection connection, Peer peer, TlsHandler handler) {
        Peer secured = peer.secured(handler.clientCertificate());
        if (HTTP2.equals(handler.applicationProtocol())) {
            connection.becomeHttp2(secured);
        } else {
            beginHttp1(connection, secured);
        }
    }

    private void beginHttp1(HttpConnection connection, Peer peer) {
        StrictRequestDecoder decoder = decoder();
        ChannelPipeline pipeline = connection.channel().pipeline();
        String last = pipeline.context(connection).name();
        pipeline.addBefore(last, null, decoder);
        pipeline.addBefore(last, null, new HttpResponseEncoder());
        connection.become(new RequestPhase(connection, decoder, peer));
    }

    private StrictRequestDecoder decoder() {
        return new StrictRequestDecoder(server.options().maxHead(), server.options().maxFields());
    }
}
