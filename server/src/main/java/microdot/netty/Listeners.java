package microdot.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import microdot.Listener;
import microdot.ServerOptions;
import microdot.internal.ListenAddress;
import microdot.netty.exchange.ServerContext;
import microdot.netty.http.HttpSetup;
import microdot.netty.io.IoMode;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.loop.LoopConnections;
import microdot.netty.tls.TlsContext;
import org.jspecify.annotations.Nullable;

/** The sockets on which a server listens. */
final class Listeners {
    // The kernel caps it at net.core.somaxconn.
    private static final int BACKLOG = 4096;

    private static final Logger LOG = System.getLogger("microdot.netty");

    private final IoMode io;
    private final EventLoopGroup group;
    private final ServerOptions options;
    private final Function<EventLoop, LoopConnections> loops;
    private final @Nullable TlsContext tls;
    private final ConnectionLimits limits;
    private final List<ChannelHandlerContext> accepting = new CopyOnWriteArrayList<>();
    private final List<Channel> channels = new ArrayList<>();
    private final List<UnixSocketFile> files = new ArrayList<>();
    private int redirectPort = -1;

    Listeners(
            IoMode io,
            EventLoopGroup group,
            ServerOptions options,
            Function<EventLoop, LoopConnections> loops,
            @Nullable TlsContext tls) {
        this.io = io;
        this.group = group;
        this.options = options;
        this.loops = loops;
        this.tls = tls;
        this.limits = new ConnectionLimits(options);
    }

    /** Begins to listen everywhere. If that fails, it listens nowhere. */
    void open(ServerContext context) throws IOException {
        List<ListenAddress> addresses = addresses();
        checkRedirect(addresses);
        try {
            int https = -1;
            for (ListenAddress address : addresses) {
                Channel bound = bind(address, context, "");
                https = https < 0 && address.tls() ? port(bound) : https;
            }
            if (options.redirectHttp() >= 0) {
                redirect(context, https);
            }
        } catch (IOException | RuntimeException | Error e) {
            close(options.closeTimeout().toMillis());
            throw e;
        }
    }

    private List<ListenAddress> addresses() {
        if (!options.listen().isEmpty()) {
            return options.listen().stream().map(Listeners::address).toList();
        }
        String host = options.host();
        String text = host + ":" + options.port();
        boolean secure = tls != null;
        return List.of(new ListenAddress(text, secure, null, host, options.port(), false));
    }

    private static ListenAddress address(Listener listener) {
        return ListenAddress.of(listener);
    }

    private void checkRedirect(List<ListenAddress> addresses) {
        boolean https = addresses.stream().anyMatch(each -> each.tls() && each.path() == null);
        if (options.redirectHttp() >= 0 && !https) {
            throw new IllegalArgumentException(
                    "redirectHttp: "
                            + options.redirectHttp()
                            + " (expected: a server with tls that listens on a port)");
        }
    }

    private void redirect(ServerContext context, int https) throws IOException {
        var redirecting =
                new ServerContext(
                        HttpsRedirect.to(https)::route,
                        context.handlers(),
                        context.limits(),
                        context.requests(),
                        context.memory(),
                        options,
                        context.failed(),
                        context.accessLog());
        String text = options.host() + ":" + options.redirectHttp();
        var address =
                new ListenAddress(text, false, null, options.host(), options.redirectHttp(), false);
        redirectPort = port(bind(address, redirecting, "; it redirects to HTTPS"));
    }

    private Channel bind(ListenAddress address, ServerContext context, String note)
            throws IOException {
        if (address.tls() && tls == null) {
            throw new IllegalArgumentException(
                    "listen: " + address.text() + " (expected: ServerOptions.tls with it)");
        }
        boolean proxyProtocol = options.proxyProtocol() || address.proxyProtocol();
        TlsContext secured = address.tls() ? tls : null;
        var setup = new HttpSetup(context, loops, limits, secured, proxyProtocol);
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(group)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .handler(new AcceptLimiter(limits, proxyProtocol, accepting))
                        .childHandler(setup);
        if (io == IoMode.NIO) {
            // One at a time: NIO accepts all of them before the limit can stop it.
            bootstrap.option(
                    ChannelOption.RECVBUF_ALLOCATOR, new ServerChannelRecvByteBufAllocator());
        }
        String path = address.path();
        if (path == null || io != IoMode.NIO) {
            // A client may close its sending side and still wait for a response. The unix domain
            // sockets of NIO do not have this.
            bootstrap.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
        Channel bound = path == null ? bindTcp(bootstrap, address) : bindUnix(bootstrap, path);
        String place =
                bound.localAddress() instanceof InetSocketAddress inet
                        ? address.text().replaceFirst(":\\d+/?$", ":" + inet.getPort())
                        : address.text();
        logStart(place, secured == null ? "" : ", TLS by " + secured.provider(), note);
        return bound;
    }

    private Channel bindTcp(ServerBootstrap bootstrap, ListenAddress address) throws IOException {
        bootstrap
                .channel(io.listenerType())
                .option(ChannelOption.SO_REUSEADDR, true)
                // TCP_NODELAY is Netty's default. Set here too, each connect would need two
                // system calls for it.
                .childOption(ChannelOption.SO_KEEPALIVE, true);
        var socket = new InetSocketAddress(address.host(), address.port());
        String place = address.host() + ":" + address.port();
        return bind(bootstrap, socket, socket.isUnresolved() ? "the host is unknown" : "", place);
    }

    private Channel bindUnix(ServerBootstrap bootstrap, String path) throws IOException {
        Path file = Path.of(path);
        Path made = Path.of(path + "~"); // Nobody can connect before it has its mode and name.
        UnixSocketFile.deleteStale(file);
        UnixSocketFile.deleteStale(made);
        bootstrap.channel(io.unixListenerType());
        Channel bound = bind(bootstrap, io.unixAddress(made.toString()), "", "unix:" + path);
        files.add(UnixSocketFile.published(made, file));
        return bound;
    }

    private Channel bind(
            ServerBootstrap bootstrap, SocketAddress address, String fault, String place)
            throws BindException {
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            Throwable cause = bound.cause();
            var failure =
                    new BindException(
                            "cannot listen on "
                                    + place
                                    + ": "
                                    + (fault.isEmpty() ? cause.getMessage() : fault));
            failure.initCause(cause);
            throw failure;
        }
        channels.add(bound.channel());
        return bound.channel();
    }

    private void logStart(String place, String library, String note) {
        String version = Listeners.class.getPackage().getImplementationVersion();
        LOG.log(
                Level.INFO,
                () ->
                        "Microdot"
                                + (version == null ? "" : " " + version)
                                + " listens on "
                                + place
                                + " with "
                                + io.text()
                                + library
                                + note);
    }

    /** Returns the port of the first listener with TCP; -1 if there is none. */
    int port() {
        List<Integer> ports = ports();
        return ports.isEmpty() ? -1 : ports.getFirst();
    }

    /** Returns the ports of the listeners with TCP, in their order. */
    List<Integer> ports() {
        return channels.stream().map(Listeners::port).filter(port -> port >= 0).toList();
    }

    /** Returns the port that redirects to HTTPS; -1 if there is none. */
    int redirectPort() {
        return redirectPort;
    }

    private static int port(Channel channel) {
        return channel.localAddress() instanceof InetSocketAddress inet ? inet.getPort() : -1;
    }

    /** Accepts no more connections. Waits at most so long: a blocked loop never ends it. */
    void close(long millis) {
        channels.forEach(Channel::close);
        channels.forEach(channel -> channel.closeFuture().awaitUninterruptibly(millis));
        for (UnixSocketFile file : files) {
            try {
                file.delete();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> file + " cannot be deleted; the next start does it", e);
            }
        }
    }
}
