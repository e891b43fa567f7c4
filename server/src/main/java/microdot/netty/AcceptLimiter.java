package microdot.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.OncePerMinute;
import org.jspecify.annotations.Nullable;

/**
 * Stops accepting while too many connections are open, or while the process has no descriptors.
 * Further clients wait in the queue of the kernel. Confined to the event loop of the listener,
 * except the ends of connections.
 */
final class AcceptLimiter extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final ConnectionLimits limits;
    private final boolean proxyProtocol;
    private final List<ChannelHandlerContext> listeners;
    private final OncePerMinute full = new OncePerMinute();
    private final OncePerMinute failed = new OncePerMinute();

    /**
     * Creates the limiter of a listener.
     *
     * @param proxyProtocol whether the address of a client is known only when its PROXY header was
     *     read
     * @param listeners those of the server, which share the limits; each adds itself
     */
    AcceptLimiter(
            ConnectionLimits limits, boolean proxyProtocol, List<ChannelHandlerContext> listeners) {
        this.limits = limits;
        this.proxyProtocol = proxyProtocol;
        this.listeners = listeners;
        // Java's log reads this from a file, which it could not open without descriptors.
        Objects.requireNonNull(ZoneId.systemDefault().getRules());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        listeners.add(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var accepted = (Channel) message;
        InetAddress client = client(accepted);
        if (client != null && !limits.enter(client)) {
            accepted.unsafe().closeForcibly();
            return;
        }
        if (!limits.enter()) {
            ctx.channel().config().setAutoRead(false);
            reportFull();
        }
        accepted.closeFuture()
                .addListener(
                        closed -> {
                            if (client != null) {
                                limits.leave(client);
                            }
                            if (limits.leave()) {
                                listeners.forEach(this::acceptAgain);
                            }
                        });
        ctx.fireChannelRead(accepted);
    }

    /**
     * Returns the address that the connection counts for; null if that is known later, or never.
     */
    private @Nullable InetAddress client(Channel accepted) {
        return accepted.remoteAddress() instanceof InetSocketAddress inet && !proxyProtocol
                ? inet.getAddress()
                : null;
    }

    private void acceptAgain(ChannelHandlerContext ctx) {
        if (!ctx.executor().isShuttingDown()) {
            ctx.executor()
                    .execute(
                            () -> {
                                if (limits.mayAccept()) {
                                    ctx.channel().config().setAutoRead(true);
                                }
                            });
        }
    }

    /** Accepting failed, mostly because the process has no descriptors left. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.channel().config().setAutoRead(false);
        ctx.executor().schedule(() -> acceptAgain(ctx), 1, TimeUnit.SECONDS);
        reportFailure(cause);
    }

    /** Without descriptors, also the log may fail: that must not end the event loop. */
    private void reportFailure(Throwable cause) {
        if (failed.due(System.nanoTime()) > 0) {
            try {
                LOG.log(
                        Level.WARNING,
                        "accept failed; new clients wait, next try in 1 s (if files are"
                                + " exhausted: raise ulimit -n, or lower maxConnections): "
                                + cause.getMessage());
            } catch (RuntimeException | LinkageError noDescriptors) {
                // It is reported again after a minute.
            }
        }
    }

    private void reportFull() {
        if (full.due(System.nanoTime()) > 0) {
            LOG.log(
                    Level.WARNING,
                    limits.max()
                            + " connections are open (maxConnections); new clients wait in the"
                            + " kernel's queue");
        }
    }
}
