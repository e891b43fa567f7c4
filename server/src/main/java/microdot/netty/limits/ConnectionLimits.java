package microdot.netty.limits;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;

/** Limits the number of open connections, in all and for each address. Thread-safe. */
public final class ConnectionLimits {
    private final int max;
    private final int maxPerAddress;
    private final AtomicInteger connections = new AtomicInteger();
    private final AddressCounter byAddress;

    /** Creates the limits of a server. */
    public ConnectionLimits(ServerOptions options) {
        int given = options.maxConnections();
        this.max = given == 0 ? OpenFileLimit.connections() : given;
        this.maxPerAddress = options.maxConnectionsPerAddress();
        this.byAddress = new AddressCounter(maxPerAddress);
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

    /** Returns the number of connections that one address may have; 0 for no limit. */
    public int maxPerAddress() {
        return maxPerAddress;
    }

    /** Counts a connection of the client if one is allowed; then {@link #leave} must follow. */
    public boolean enter(InetAddress client) {
        return byAddress.enter(client);
    }

    /** Counts a connection of the client as closed. */
    public void leave(InetAddress client) {
        byAddress.leave(client);
    }
}
