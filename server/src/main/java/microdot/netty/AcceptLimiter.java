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

/**
 * Stops accepting while too many connections are open, or while the process has no descriptors.
 * Further clients wait in the queue of the kernel. Confined to the event loop of the listener,
 * except the ends of connections.
 */
final class AcceptLimiter extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final ConnectionLimits limits;
    private long nextEntry = System.nanoTime();

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
            return;
        }
        if (!limits.enter()) {
            ctx.channel().config().setAutoRead(false);
            report(
                    "the server accepts no further connection while "
                            + limits.max()
                            + " are open (maxConnections)");
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
        report("no connection can be accepted; the next try is in a second: " + cause.getMessage());
    }

    /** A log that fails, perhaps because it has no descriptor either, must not end the loop. */
    private void report(String text) {
        long now = System.nanoTime();
        if (now - nextEntry >= 0) {
            nextEntry = now + MINUTE;
            try {
                LOG.log(Level.WARNING, text);
            } catch (RuntimeException | LinkageError e) {
                nextEntry = now; // The next failure is reported instead.
            }
        }
    }
}
