package microdot.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Takes clients that speak HTTP/1.1, and makes each request of theirs a stream of an HTTP/2
 * connection that they share: so the tests that are written for HTTP/1.1 test HTTP/2. What one side
 * does to a client, the other sees:
 *
 * <ul>
 *   <li>The end of a stream is the last chunk.
 *   <li>A reset of a stream, or the loss of the connection, closes the client without a last chunk.
 *   <li>A client that leaves, or that closes its sending side while a stream runs, resets its
 *       stream with CANCEL. The connection stays, even without clients.
 *   <li>A client that does not read enlarges the window of its stream no more. The window of the
 *       connection is so large that the others go on.
 *   <li>Requests of one client that are pipelined wait for each other.
 * </ul>
 */
final class Http2Gateway implements AutoCloseable {
    /** With more clients there are several connections. */
    private static final int CLIENTS_OF_A_CONNECTION = 24;

    private static final int HEAD = 1 << 20;

    private final int server;
    private final boolean tls;
    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = (EventLoop) group.next();
    private final ChannelGroup channels = new DefaultChannelGroup(loop, true);
    private final Channel door;
    private final List<GatewayConnection> connections = new ArrayList<>();
    private final AtomicInteger connected = new AtomicInteger();
    private boolean closing;

    /** Begins to listen, for the server that listens on this port, perhaps with TLS. */
    Http2Gateway(int server, boolean tls) {
        this.server = server;
        this.tls = tls;
        this.door =
                new ServerBootstrap()
                        .group(group)
                        .channel(NioServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, 1024)
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childOption(ChannelOption.SO_SNDBUF, 16 << 10)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(new Client())
                        .bind(InetAddress.getLoopbackAddress(), 0)
                        .syncUninterruptibly()
                        .channel();
        channels.add(door);
    }

    private final class Client extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            channels.add(channel);
            channel.pipeline()
                    .addLast(
                            new HttpRequestDecoder(HEAD, HEAD, 64 << 10),
                            new GatewayClient(Http2Gateway.this, channel));
        }
    }

    int port() {
        return ((InetSocketAddress) door.localAddress()).getPort();
    }

    /** Returns how many clients have a connection to the server. */
    int clients() {
        return connected.get();
    }

    void count(int change) {
        connected.addAndGet(change);
    }

    /** Returns a connection for one more client; on the loop. */
    GatewayConnection connection() {
        for (GatewayConnection known : connections) {
            if (!known.isEnding() && known.clients() < CLIENTS_OF_A_CONNECTION) {
                return known;
            }
        }
        var next = new GatewayConnection(this, loop, server, tls);
        channels.add(next.channel());
        connections.add(next);
        return next;
    }

    void remove(GatewayConnection connection) {
        connections.remove(connection);
    }

    boolean isClosing() {
        return closing;
    }

    /** From now on connections without clients are closed. */
    void closeUnused() {
        loop.execute(
                () -> {
                    closing = true;
                    List.copyOf(connections).forEach(GatewayConnection::closeIfUnused);
                });
    }

    /**
     * Closes all channels, then ends the loop: Netty does not close them if the loop learns while
     * it runs tasks that it is to end, and what they have not written would be a leak.
     */
    @Override
    public void close() {
        channels.close().awaitUninterruptibly();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
