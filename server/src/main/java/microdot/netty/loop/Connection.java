package microdot.netty.loop;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import microdot.CloseReason;

/**
 * One client's connection, as its event loop sees it, whatever its protocol. Every method is called
 * on that loop.
 */
public abstract class Connection extends ChannelInboundHandlerAdapter {
    /**
     * How long, in nanoseconds, the client's end is awaited after everything is written, whatever
     * it still sends.
     */
    public static final long LONGEST_LINGER = TimeUnit.SECONDS.toNanos(2);

    private static final Logger LOG = System.getLogger("microdot.netty");

    /** The index in the list of {@link LoopConnections}; -1 while it is not there. */
    int index = -1;

    /** Creates a connection that no loop knows yet. */
    protected Connection() {}

    /**
     * Logs that the pipeline has failed; returns why the connection is to be closed. A reset by the
     * client is common, and so is what is no TLS; anything else is a fault of the server.
     */
    protected static CloseReason failed(Channel channel, Throwable cause) {
        boolean byClient = cause instanceof IOException || cause.getCause() instanceof SSLException;
        LOG.log(
                byClient ? Level.DEBUG : Level.WARNING,
                () -> "the connection of " + channel.remoteAddress() + " failed; it is closed",
                cause);
        return byClient ? CloseReason.CLIENT_CLOSED : CloseReason.FAILED;
    }

    /** Closes the connection if something is overdue. */
    protected abstract void tick(long now);

    /** Ends idle connections and streams, because the server stops; finishes a response first. */
    protected abstract void stop();

    /**
     * Ends each stream, and each wait for events, at a time that the supplier gives for it, as
     * {@link System#nanoTime} does: the server drains.
     */
    protected abstract void drain(LongSupplier ends);

    /** Closes the connection at once. May also be called from other threads. */
    public abstract void abort();
}
