package peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.TimeUnit;

/** Netty alone: a group of channels, one buffer for all, and nothing of what a server must do. */
public final class NettyServer {
    private static final ChannelGroup STREAMS =
            new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    private NettyServer() {}

    public static void main(String[] args) throws InterruptedException {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        int cores = Runtime.getRuntime().availableProcessors();
        new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(cores, io))
                .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childHandler(
                        new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                channel.pipeline()
                                        .addLast(new HttpServerCodec())
                                        .addLast(new HttpObjectAggregator(1 << 20))
                                        .addLast(new Routes());
                            }
                        })
                .bind("127.0.0.1", Integer.parseInt(args[0]))
                .sync();
    }

    private static ByteBuf frame(String data) {
        return Unpooled.copiedBuffer("data: " + data + "\n\n", UTF_8);
    }

    private static final class Routes extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            var uri = new QueryStringDecoder(request.uri());
            switch (uri.path()) {
                case "/events" -> {
                    beginStream(context);
                    STREAMS.add(context.channel());
                }
                case "/publish" -> {
                    STREAMS.writeAndFlush(frame(request.content().toString(UTF_8)));
                    answer(context, HttpResponseStatus.NO_CONTENT);
                }
                case "/ticks" -> {
                    beginStream(context);
                    tick(context, Long.parseLong(uri.parameters().get("ms").getFirst()));
                }
                default -> answer(context, HttpResponseStatus.NOT_FOUND);
            }
        }

        /**
         * The body ends with the connection: no chunks, and what is published goes out as it is.
         */
        private static void beginStream(ChannelHandlerContext context) {
            var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream")
                    .set(HttpHeaderNames.CONNECTION, "close");
            context.writeAndFlush(head);
            context.pipeline().remove(HttpObjectAggregator.class);
            context.pipeline().remove(HttpServerCodec.class);
        }

        private static void answer(ChannelHandlerContext context, HttpResponseStatus status) {
            var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status);
            if (!status.equals(HttpResponseStatus.NO_CONTENT)) {
                response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
            }
            context.writeAndFlush(response);
        }

        private static void tick(ChannelHandlerContext context, long period) {
            long[] tick = {0};
            Future<?> timer =
                    context.executor()
                            .scheduleAtFixedRate(
                                    () -> context.writeAndFlush(frame(Long.toString(tick[0]++))),
                                    0,
                                    period,
                                    TimeUnit.MILLISECONDS);
            context.channel().closeFuture().addListener(gone -> timer.cancel(false));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
