package microdot.netty.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A plain Netty server sends a response that is larger than the socket's buffers to a client that
 * has closed its sending side.
 */
@Timeout(60)
class EpollHalfCloseWorkaroundTest {
    private static final int RESPONSE = 32 << 20;
    private static final int RECEIVE_BUFFER = 4096;

    @BeforeEach
    void epoll() {
        assumeTrue(Epoll.isAvailable(), "no epoll on this machine");
    }

    @Test
    void workaroundSendsWholeResponse() throws Exception {
        assertEquals(RESPONSE, received(EpollHalfCloseWorkaround.newHandlerFactory()));
    }

    @Test
    void nettyWithoutWorkaroundStillCutsResponse() throws Exception {
        int received = received(EpollIoHandler.newFactory());
        assertTrue(received < RESPONSE, "Netty has fixed this: delete EpollHalfCloseWorkaround");
    }

    /** Returns how many bytes of the response the client got. */
    private static int received(IoHandlerFactory factory) throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, factory);
        var channels = new DefaultChannelGroup(group.next(), true);
        try {
            Channel listener =
                    new ServerBootstrap()
                            .group(group)
                            .channel(EpollServerSocketChannel.class)
                            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                            .childHandler(new Responder(channels))
                            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                            .sync()
                            .channel();
            channels.add(listener);
            return receive((InetSocketAddress) listener.localAddress());
        } finally {
            channels.close().awaitUninterruptibly(); // The end of the loop may leave them open.
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static int receive(InetSocketAddress server) throws IOException {
        try (var socket = new Socket()) {
            socket.setReceiveBufferSize(RECEIVE_BUFFER);
            socket.connect(server);
            socket.shutdownOutput();
            int received = 0;
            try {
                byte[] buffer = new byte[64 << 10];
                for (int n = 0; n >= 0; n = socket.getInputStream().read(buffer)) {
                    received += n;
                }
            } catch (SocketException reset) {
                // The server closed the connection before everything was sent.
            }
            return received;
        }
    }

    /** Responds when the client has closed its sending side and the loop has handled that. */
    @ChannelHandler.Sharable
    private static final class Responder extends ChannelInboundHandlerAdapter {
        private final ChannelGroup channels;

        Responder(ChannelGroup channels) {
            this.channels = channels;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            channels.add(ctx.channel());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                ctx.executor().execute(() -> respond(ctx));
            }
        }

        private static void respond(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[RESPONSE]))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }
}
