package microdot.netty.http;

import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.util.function.Function;
import microdot.netty.exchange.ServerContext;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.OncePerMinute;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.Peers;

/** Sets up the pipeline of each accepted connection. */
public final class HttpSetup extends ChannelInitializer<SocketChannel> {
    /**
     * The bytes of a PROXY header beside the addresses: the names of a certificate, and the like.
     */
    private static final int MAX_TLVS = 4 << 10;

    private final ServerContext server;
    private final Function<EventLoop, LoopConnections> loops;
    private final ProxyHeaderPhase.Rules header;

    /**
     * Creates the setup of a server.
     *
     * @param loops gives the connections of an event loop
     */
    public HttpSetup(
            ServerContext server,
            Function<EventLoop, LoopConnections> loops,
            ConnectionLimits limits) {
        this.server = server;
        this.loops = loops;
        this.header =
                new ProxyHeaderPhase.Rules(
                        new Peers(server.options()), limits, new OncePerMinute());
    }

    @Override
    protected void initChannel(SocketChannel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        if (server.options().proxyProtocol()) {
            if (!header.admit(channel)) {
                return;
            }
            // The decoder leaves the pipeline with its message, and passes on what follows it.
            pipeline.addLast(
                    new HAProxyMessageDecoder(MAX_TLVS),
                    connection(channel, first -> new ProxyHeaderPhase(first, header, this::begin)));
            return;
        }
        StrictRequestDecoder decoder = decoder();
        Peer peer = header.peers().of(channel);
        pipeline.addLast(
                decoder,
                new HttpResponseEncoder(),
                connection(channel, first -> new RequestPhase(first, decoder, peer)));
    }

    private HttpConnection connection(
            SocketChannel channel, Function<HttpConnection, ConnectionPhase> firstPhase) {
        return new HttpConnection(channel, server, loops.apply(channel.eventLoop()), firstPhase);
    }

    /** The PROXY header was read: requests follow. */
    private void begin(HttpConnection connection, Peer peer) {
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
