package microdot.netty.limits;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;

/** Limits the number of open connections, in all and for each address. Thread-safe. */
public final class ConnectionLimits {
    private final int max;
    private final int maxPerAddress;
    private final AtomicInteger connections = new AtomicInteger();
    private final Map<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();

    /** Creates the limits of a server. */
    public ConnectionLimits(ServerOptions options) {
        int given = options.maxConnections();
        this.max = given == 0 ? OpenFileLimit.connections() : given;
        this.maxPerAddress = options.maxConnectionsPerAddress();
    }

    /** Counts a connection, which must {@link #leave}. Returns false if it was the last one. */
    public boolean enter() {
        return connections.incrementAndGet() < max;
    }

    /** Counts a connection as closed. Returns whether it was the first below the limit again. */
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

    /** Counts a connection of the client if one is allowed; then {@link #leave} must follow. */
    public boolean enter(InetAddress client) {
        if (!isCounted(client)) {
            return true;
        }
        if (byAddress.merge(network(client), 1, Integer::sum) > maxPerAddress) {
            leave(client);
            return false;
        }
        return true;
    }

    /** Counts a connection of the client as closed. */
    public void leave(InetAddress client) {
        if (isCounted(client)) {
            byAddress.computeIfPresent(
                    network(client), (address, count) -> count == 1 ? null : count - 1);
        }
    }

    // Behind a proxy on the same machine all clients have the loopback address.
    private boolean isCounted(InetAddress client) {
        return maxPerAddress > 0 && !client.isLoopbackAddress();
    }

    /** One client usually has a whole /64 network of IPv6. */
    static InetAddress network(InetAddress client) {
        if (!(client instanceof Inet6Address)) {
            return client;
        }
        byte[] bytes = client.getAddress();
        Arrays.fill(bytes, 8, 16, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // The length is that of an address.
        }
    }
}
