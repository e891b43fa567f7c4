package microdot.netty.loop;

import io.netty.channel.ChannelInboundHandlerAdapter;

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

    /** Ends the stream at the given time of {@link System#nanoTime}, if this connection is one. */
    protected abstract void endStreamBy(long time);

    /** Closes the connection at once. May also be called from other threads. */
    public abstract void abort();
}
