package microdot.netty.http;

import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.util.function.Function;
import microdot.netty.exchange.ServerContext;
import microdot.netty.loop.LoopConnections;

/** Sets up the pipeline of each accepted connection. */
public final class HttpSetup extends ChannelInitializer<SocketChannel> {
    private final ServerContext server;
    private final Function<EventLoop, LoopConnections> loops;

    /**
     * Creates the setup of a server.
     *
     * @param loops gives the connections of an event loop
     */
    public HttpSetup(ServerContext server, Function<EventLoop, LoopConnections> loops) {
        this.server = server;
        this.loops = loops;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
        var decoder =
                new StrictRequestDecoder(server.options().maxHead(), server.options().maxFields());
        var connection =
                new HttpConnection(
                        channel,
                        server,
                        loops.apply(channel.eventLoop()),
                        first -> new RequestPhase(first, decoder));
        channel.pipeline().addLast(decoder, new HttpResponseEncoder(), connection);
    }
}
