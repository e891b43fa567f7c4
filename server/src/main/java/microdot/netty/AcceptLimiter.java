package microdot.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.ZoneId;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.OncePerMinute;

/**
 * Stops accepting while too many connections are open, or while the process has no descriptors.
 * Further clients wait in the queue of the kernel. Confined to the event loop of the listener,
 * except the ends of connections.
 */
final class AcceptLimiter extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final ConnectionLimits limits;
    private final OncePerMinute full = new OncePerMinute();
    private final OncePerMinute failed = new OncePerMinute();
    private final OncePerMinute rejected = new OncePerMinute();

    AcceptLimiter(ConnectionLimits limits) {
        this.limits = limits;
        // Java's log reads this from a file, which it could not open without descriptors.
        Objects.requireNonNull(ZoneId.systemDefault().getRules());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var accepted = (Channel) message;
        InetAddress client = ((InetSocketAddress) accepted.remoteAddress()).getAddress();
        if (!limits.enter(client)) {
            accepted.unsafe().closeForcibly();
            reportRejected(client);
            return;
        }
        if (!limits.enter()) {
            ctx.channel().config().setAutoRead(false);
            reportFull();
        }
        accepted.closeFuture()
                .addListener(
                        closed -> {
                            limits.leave(client);
                            if (limits.leave()) {
                                acceptAgain(ctx);
                            }
                        });
        ctx.fireChannelRead(accepted);
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

    private void reportRejected(InetAddress client) {
        long count = rejected.due(System.nanoTime());
        if (count > 0) {
            LOG.log(
                    Level.WARNING,
                    "a new connection of "
                            + client.getHostAddress()
                            + " was closed, because its address has "
                            + limits.maxPerAddress()
                            + " open (maxConnectionsPerAddress); rejected since the last entry: "
                            + count);
        }
    }
}
