package microdot.netty.loop;

import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.LongSupplier;

/**
 * One client's connection, as its event loop sees it, whatever its protocol. Every method is called
 * on that loop.
 */
public abstract class Connection extends ChannelInboundHandlerAdapter {
    /** The index in the list of {@link LoopConnections}; -1 while it is not there. */
    int index = -1;

    /** Creates a connection that no loop knows yet. */
    protected Connection() {}

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
