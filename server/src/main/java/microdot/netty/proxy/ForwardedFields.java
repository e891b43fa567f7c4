package microdot.netty.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Locale;
import microdot.Headers;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/** What trusted proxies say about the client of a request. */
final class ForwardedFields {
    private ForwardedFields() {}

    /**
     * Returns the origin of a request that a trusted proxy has sent. The client is the last address
     * that is not that of a trusted proxy. If an entry has no address, the proxy that wrote it is
     * the last that is known.
     *
     * @param direct the origin without these fields
     */
    static RequestOrigin read(Headers headers, IpNetworks trusted, RequestOrigin direct) {
        List<String> addresses = headers.all("X-Forwarded-For");
        if (addresses.isEmpty()) {
            List<String> forwarded = headers.all("Forwarded");
            if (!forwarded.isEmpty()) {
                return forwarded(new ListFromEnd(forwarded, true), trusted, direct);
            }
        }
        // Most proxies that write these pass on a Forwarded of their client, so it is not read.
        return new RequestOrigin(
                client(new ListFromEnd(addresses, false), trusted, direct.client()),
                scheme(last(headers, "X-Forwarded-Proto"), direct.scheme()),
                host(last(headers, "X-Forwarded-Host"), direct.host()));
    }

    private static SocketAddress client(
            ListFromEnd entries, IpNetworks trusted, SocketAddress proxy) {
        SocketAddress client = proxy;
        for (String entry = entries.next(); entry != null; entry = entries.next()) {
            InetSocketAddress node = NodeAddress.parse(entry);
            if (node == null) {
                return client;
            }
            client = node;
            if (!trusted.contains(node.getAddress())) {
                return client;
            }
        }
        return client;
    }

    /** The element with the client's address has also the scheme and the host that it used. */
    private static RequestOrigin forwarded(
            ListFromEnd elements, IpNetworks trusted, RequestOrigin direct) {
        RequestOrigin origin = direct;
        for (String text = elements.next(); text != null; text = elements.next()) {
            ForwardedElement element = ForwardedElement.parse(text);
            if (element == null) {
                return origin;
            }
            String name = element.get("for");
            InetSocketAddress node = name == null ? null : NodeAddress.parse(name);
            origin =
                    new RequestOrigin(
                            node == null ? origin.client() : node,
                            scheme(element.get("proto"), direct.scheme()),
                            host(element.get("host"), direct.host()));
            if (node == null || !trusted.contains(node.getAddress())) {
                return origin;
            }
        }
        return origin;
    }

    /** Returns what the nearest proxy wrote. */
    private static @Nullable String last(Headers headers, String name) {
        return new ListFromEnd(headers.all(name), false).next();
    }

    private static String scheme(@Nullable String given, String otherwise) {
        String scheme = given == null ? otherwise : given.toLowerCase(Locale.ROOT);
        return scheme.equals("http") || scheme.equals("https") ? scheme : otherwise;
    }

    private static @Nullable String host(@Nullable String given, @Nullable String otherwise) {
        return given == null || given.isEmpty() || !HostField.isValid(given) ? otherwise : given;
    }
}
