package microdot.netty.limits;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;

/** Limits the number of open connections, in all and for each address. Thread-safe. */
public final class ConnectionLimits {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final int max;
    private final int maxPerAddress;
    private final OncePerMinute rejected = new OncePerMinute();
    private final AtomicInteger connections = new AtomicInteger();
    private final AddressCounter byAddress;

    /** Creates the limits of a server. */
    public ConnectionLimits(ServerOptions options) {
        int given = options.maxConnections();
        this.max = given == 0 ? OpenFileLimit.connections() : given;
        this.maxPerAddress = options.maxConnectionsPerAddress();
        this.byAddress = new AddressCounter(maxPerAddress, options);
    }

    /** Counts a connection, which must {@link #leave}. Returns false when the limit is reached. */
    public boolean enter() {
        return connections.incrementAndGet() < max;
    }

    /** Counts a connection as closed. Returns true if this made room. */
    public boolean leave() {
        return connections.decrementAndGet() == max - 1;
    }

    /** Returns whether a further connection may be accepted. */
    public boolean mayAccept() {
        return connections.get() < max;
    }

    /** Returns the number of connections that may be open. */
    public int max() {
        return max;
    }

    /**
     * Counts a connection of the client if one is allowed; then {@link #leave} must follow. Else
     * logs that the connection is closed.
     */
    public boolean enter(InetAddress client) {
        boolean allowed = byAddress.enter(client);
        if (!allowed) {
            reportRejected(client);
        }
        return allowed;
    }

    private void reportRejected(InetAddress client) {
        long count = rejected.due(System.nanoTime());
        if (count > 0) {
            LOG.log(
                    Level.WARNING,
                    "a new connection of "
                            + client.getHostAddress()
                            + " was closed, because its address has "
                            + maxPerAddress
                            + " open (maxConnectionsPerAddress); rejected since the last entry: "
                            + count);
        }
    }

    /** Counts a connection of the client as closed. */
    public void leave(InetAddress client) {
        byAddress.leave(client);
    }
}
