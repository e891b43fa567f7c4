package microdot.netty.proxy;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import microdot.ServerOptions;
import microdot.internal.IpNetworks;
import microdot.internal.Quoted;
import microdot.netty.limits.OncePerMinute;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that a server may be asked for. Thread-safe.
 *
 * <p>The reason: a page of any site can give its own name the address of this machine (DNS
 * rebinding). Its requests are of the same origin then, but their {@code Host} is that name.
 */
final class AllowedHosts {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** Begins with a letter: a browser reads a number as an address. */
    private static final Pattern LOCAL_NAME = Pattern.compile("[a-z][a-z0-9_-]*");

    private final Set<String> names = new HashSet<>();
    private final Set<InetAddress> addresses = new HashSet<>();
    private final String bound; // The name that the server listens on, if it is one.
    private final boolean restricted;
    private final boolean behindProxy;
    private final OncePerMinute rejected = new OncePerMinute();

    AllowedHosts(ServerOptions options) {
        for (String host : options.hosts()) {
            InetAddress address = IpNetworks.address(host);
            if (address == null) {
                names.add(host);
            } else {
                addresses.add(address);
            }
        }
        this.bound = options.host().toLowerCase(Locale.ROOT);
        this.restricted = !options.hosts().isEmpty() && !names.contains("*");
        // A page cannot write a PROXY header, and the names that proxies pass on are not known.
        this.behindProxy =
                names.contains("*")
                        || options.proxyProtocol()
                        || !options.trustedProxies().isEmpty();
    }

    /**
     * Returns why a request for this host is rejected; null if it is not. A rejection is logged.
     *
     * @param host valid, or null
     * @param loopback whether the local address of the connection is a loopback address
     */
    @Nullable String fault(@Nullable String host, boolean loopback) {
        boolean checked = restricted || (loopback && !behindProxy);
        if (host == null || !checked || isAllowed(host, loopback)) {
            return null;
        }
        String shown = Quoted.of(host);
        report(shown);
        return "host: "
                + shown
                + " (expected: "
                + (restricted
                        ? "one of ServerOptions.hosts"
                        : "localhost, *.localhost, an address or a name without a dot")
                + "; ServerOptions.hosts allows further names, ServerOptions.trustedProxies a"
                + " proxy in front)";
    }

    private boolean isAllowed(String host, boolean loopback) {
        String name = HostField.name(host);
        if (name.isEmpty() || (loopback && isOwnName(name))) {
            return true;
        }
        InetAddress address = IpNetworks.address(name);
        if (address != null) {
            boolean local = loopback && (!restricted || address.isLoopbackAddress());
            return local || addresses.contains(address);
        }
        boolean local = loopback && !restricted && isLocalName(host, name);
        return local || names.contains(name) || isSubdomain(name);
    }

    private boolean isOwnName(String name) {
        return name.equals("localhost") || name.endsWith(".localhost") || name.equals(bound);
    }

    /** A page of a foreign site has a registered name, and each of those has a dot. */
    private static boolean isLocalName(String host, String name) {
        return !host.startsWith("[") && LOCAL_NAME.matcher(name).matches();
    }

    private boolean isSubdomain(String name) {
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            if (dot > 0 && names.contains("*" + name.substring(dot))) {
                return true;
            }
        }
        return false;
    }

    private void report(String host) {
        long count = rejected.due(System.nanoTime());
        if (count > 0) {
            LOG.log(
                    Level.WARNING,
                    "a request for the host "
                            + host
                            + " was rejected with 421 (hosts, trustedProxies); rejected since the"
                            + " last entry: "
                            + count);
        }
    }
}
