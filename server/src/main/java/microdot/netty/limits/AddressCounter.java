package microdot.netty.limits;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import microdot.ServerOptions;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many of something the clients of one address have. Addresses of one /64 network of
 * IPv6 count together, because one client usually has a whole network. Loopback is not counted:
 * behind a proxy on the same machine all clients have that address. Neither are trusted proxies.
 * Thread-safe.
 */
final class AddressCounter {
    private final int max;
    private final IpNetworks proxies;
    private final Map<InetAddress, Integer> counts = new ConcurrentHashMap<>();

    /**
     * @param max 0 for no limit
     * @param options of the server, for its trusted proxies
     */
    AddressCounter(int max, ServerOptions options) {
        this.max = max;
        this.proxies = IpNetworks.of(options.trustedProxies());
    }

    /**
     * Counts one if the limit allows it; then {@link #leave} must follow. A client without an
     * address (null) is not counted.
     */
    boolean enter(@Nullable InetAddress client) {
        if (client == null || !isCounted(client)) {
            return true;
        }
        if (counts.merge(network(client), 1, Integer::sum) > max) {
            leave(client);
            return false;
        }
        return true;
    }

    void leave(@Nullable InetAddress client) {
        if (client != null && isCounted(client)) {
            counts.computeIfPresent(
                    network(client), (address, count) -> count == 1 ? null : count - 1);
        }
    }

    private boolean isCounted(InetAddress client) {
        return max > 0 && !client.isLoopbackAddress() && !proxies.contains(client);
    }

    private static InetAddress network(InetAddress client) {
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
