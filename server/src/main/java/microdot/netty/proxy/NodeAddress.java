package microdot.netty.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/** The address of a client or a proxy as a proxy writes it (RFC 7239, section 6). */
final class NodeAddress {
    private NodeAddress() {}

    /**
     * Returns the address, with port 0 if the text has none or hides it: {@code 192.0.2.1}, {@code
     * 192.0.2.1:80}, {@code 2001:db8::1}, {@code [2001:db8::1]:80}. Returns null for anything else,
     * such as {@code unknown} and {@code _hidden}.
     */
    static @Nullable InetSocketAddress parse(String text) {
        boolean brackets = text.startsWith("[");
        int end = brackets ? text.indexOf(']') : endOfIpv4(text);
        if (end < 0) {
            return null;
        }
        String literal = text.substring(brackets ? 1 : 0, end);
        InetAddress address = IpNetworks.address(literal);
        int port = port(text.substring(brackets ? end + 1 : end));
        // Brackets are around IPv6 addresses only.
        if (address == null || port < 0 || (brackets && literal.indexOf(':') < 0)) {
            return null;
        }
        return new InetSocketAddress(address, port);
    }

    /** An address with several colons is an IPv6 address, and all of the text. */
    private static int endOfIpv4(String text) {
        int colon = text.indexOf(':');
        return colon >= 0 && colon == text.lastIndexOf(':') ? colon : text.length();
    }

    /** Returns -1 if the text is not empty and not a colon and a port. */
    private static int port(String text) {
        if (text.isEmpty() || text.matches(":_[\\w.-]+")) {
            return 0;
        }
        int port = text.matches(":\\d{1,5}") ? Integer.parseInt(text, 1, text.length(), 10) : -1;
        return port <= 65535 ? port : -1;
    }
}
