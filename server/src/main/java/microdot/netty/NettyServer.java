package microdot.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;

/** A listening socket, its event loops, and the handlers that run for its requests. */
final class NettyServer implements Server {
    // More only costs memory: the kernel cuts it to net.core.somaxconn.
    private static final int BACKLOG = 4096;

    // Far enough for who means for ever, and near enough to be counted in nanoseconds.
    private static final Duration LONGEST_GRACE = Duration.ofDays(36_500);

    private static final Logger LOG = System.getLogger("microdot.netty");

    private final ServerOptions options;
    private final EventLoopGroup group;
    private final Map<EventLoop, LoopConnections> loops = new HashMap<>();
    private final HandlerThreads handlers;
    private final StreamLimits admission;
    private final Channel listener;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);

    private NettyServer(Microdot app, ServerOptions options, IoMode io) throws IOException {
        this.options = options;
        this.handlers = new HandlerThreads(app);
        this.admission = new StreamLimits(options);
        // One loop a core, plus none for accepting: a loop takes its turn at that too.
        this.group =
                new MultiThreadIoEventLoopGroup(
                        Runtime.getRuntime().availableProcessors(),
                        new DefaultThreadFactory("microdot-loop", true),
                        io != IoMode.NIO
                                ? EpollHalfCloseWorkaround.newFactory()
                                : NioIoHandler.newFactory());
        for (EventExecutor loop : group) {
            loops.put((EventLoop) loop, new LoopConnections((EventLoop) loop, options, io));
        }
        this.listener =
                bind(
                        io != IoMode.NIO
                                ? EpollServerSocketChannel.class
                                : NioServerSocketChannel.class);
    }

    static NettyServer start(Microdot app, ServerOptions options) throws IOException {
        return start(app, options, IoMode.best());
    }

    static NettyServer start(Microdot app, ServerOptions options, IoMode io) throws IOException {
        return new NettyServer(app, options, io);
    }

    private Channel bind(Class<? extends ServerSocketChannel> type) throws IOException {
        var bootstrap =
                new ServerBootstrap()
                        .group(group)
                        .channel(type)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        // TCP_NODELAY is Netty's default: set here, each connect would pay twice.
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        // A client may end its side and still wait for a plain response.
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childHandler(new Setup());
        var address = new InetSocketAddress(options.host(), options.port());
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            shutDownLoops();
            Throwable cause = bound.cause();
            var failure =
                    new BindException(
                            "cannot listen on "
                                    + options.host()
                                    + ":"
                                    + options.port()
                                    + ": "
                                    + cause.getMessage());
            failure.initCause(cause);
            throw failure;
        }
        return bound.channel();
    }

    private final class Setup extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            LoopConnections loop = Objects.requireNonNull(loops.get(channel.eventLoop()));
            var decoder = new StrictRequestDecoder(options.maxHead());
            channel.pipeline()
                    .addLast(
                            decoder,
                            new HttpResponseEncoder(),
                            new HttpConnection(loop, handlers, admission, options, decoder));
        }
    }

    @Override
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public Stats stats() {
        int connections = loops.values().stream().mapToInt(LoopConnections::size).sum();
        return new Stats(connections, handlers.size(), admission.streams());
    }

    @Override
    public void close(Duration grace) {
        if (!closing.get() && grace.isPositive()) {
            Duration time = grace.compareTo(LONGEST_GRACE) < 0 ? grace : LONGEST_GRACE;
            admission.drain();
            loops.values().forEach(loop -> loop.drain(time));
            awaitStreamless(time);
        }
        close();
    }

    private void awaitStreamless(Duration grace) {
        try {
            // A tick late at most, or sooner when all have gone.
            if (!admission.awaitNone(grace.plusSeconds(1))) {
                LOG.log(
                        Level.INFO,
                        () ->
                                admission.streams()
                                        + " streams are cut at the end of the grace time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            awaitClosedUninterruptibly();
            return;
        }
        long deadline = System.nanoTime() + options.closeTimeout().toNanos();
        admission.drain();
        listener.close().awaitUninterruptibly();
        loops.values().forEach(LoopConnections::stop);
        handlers.await(deadline);
        loops.values().forEach(loop -> loop.awaitEmpty(deadline));
        handlers.await(deadline); // Streams that ended just now may have left something to do.
        handlers.interrupt();
        shutDownLoops();
        closed.countDown();
    }

    private void shutDownLoops() {
        loops.values().forEach(LoopConnections::close);
        // The quiet period is for tasks that come late, and there are none.
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Override
    public void awaitClosed() throws InterruptedException {
        closed.await();
    }

    private void awaitClosedUninterruptibly() {
        boolean interrupted = false;
        while (true) {
            try {
                closed.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
