package microdot.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Networks of IP addresses, such as {@code 10.0.0.0/8}. Immutable. */
public final class IpNetworks {
    // Java looks up nothing for a text with a colon that begins like this. A zone cannot match: it
    // has a meaning on one machine only.
    private static final Pattern LIKE_IPV6 = Pattern.compile("[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}");

    private final List<Network> networks;

    private IpNetworks(List<Network> networks) {
        this.networks = networks;
    }

    /** Stands for the clients of unix domain sockets, which have no address. */
    public static final String UNIX = "unix:";

    /**
     * Returns these networks: each an address, or an address, a slash and the number of leading
     * bits that count. {@link #UNIX} is allowed, and contains no address.
     *
     * @throws IllegalArgumentException whose message shows the one that is neither
     */
    public static IpNetworks of(List<String> texts) {
        var networks = new ArrayList<Network>();
        for (String text : texts) {
            if (!text.equals(UNIX)) {
                networks.add(network(text));
            }
        }
        return new IpNetworks(List.copyOf(networks));
    }

    private static Network network(String text) {
        int slash = text.indexOf('/');
        InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw malformed(text, "an address or a network, such as 10.0.0.0/8 or fd00::/8");
        }
        byte[] bytes = address.getAddress();
        int longest = bytes.length * 8;
        if (slash < 0) {
            return new Network(bytes, longest);
        }
        String length = text.substring(slash + 1);
        int bits = length.matches("\\d{1,3}") ? Integer.parseInt(length) : -1;
        if (bits < 0 || bits > longest) {
            throw malformed(text, "0 to " + longest + " bits after the slash");
        }
        var network = new Network(bytes, bits);
        // Perhaps fewer addresses were meant, and a larger network would be trusted.
        if (!network.isZeroAfterItsBits()) {
            throw malformed(text, "no bits of the address after the first " + bits);
        }
        return network;
    }

    private static IllegalArgumentException malformed(String text, String expected) {
        return new IllegalArgumentException(Quoted.of(text) + " (expected: " + expected + ")");
    }

    /**
     * Returns the address that a text such as {@code 192.0.2.1} or {@code 2001:db8::1} is; null if
     * it is none. Never looks up a name. An IPv4 address that is written as an IPv6 address ({@code
     * ::ffff:192.0.2.1}) becomes an IPv4 address.
     */
    public static @Nullable InetAddress address(String text) {
        if (text.indexOf(':') < 0) {
            return ipv4(text);
        }
        return LIKE_IPV6.matcher(text).matches() ? literal(text) : null;
    }

    private static @Nullable InetAddress literal(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** Four numbers without leading zeros: some programs read those as octal numbers. */
    private static @Nullable InetAddress ipv4(String text) {
        byte[] bytes = new byte[4];
        int at = 0;
        for (int i = 0; i < 4; i++) {
            int from = at;
            int number = 0;
            while (at < text.length() && at < from + 3 && isDigit(text.charAt(at))) {
                number = number * 10 + text.charAt(at++) - '0';
            }
            int digits = at - from;
            boolean zeros = digits > 1 && text.charAt(from) == '0';
            boolean ends = i < 3 ? text.startsWith(".", at) : at == text.length();
            if (digits == 0 || number > 255 || zeros || !ends) {
                return null;
            }
            bytes[i] = (byte) number;
            at++; // The dot.
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // The length is that of an address.
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Returns whether there are none. */
    public boolean isEmpty() {
        return networks.isEmpty();
    }

    /** Returns whether the address is in one of the networks. */
    public boolean contains(InetAddress address) {
        if (networks.isEmpty()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        for (Network network : networks) {
            if (network.contains(bytes)) {
                return true;
            }
        }
        return false;
    }

    private static final class Network {
        private final byte[] address;
        private final int bits;

        Network(byte[] address, int bits) {
            this.address = address;
            this.bits = bits;
        }

        boolean contains(byte[] other) {
            return other.length == address.length && commonBits(other) >= bits;
        }

        boolean isZeroAfterItsBits() {
            int set = 0;
            for (int i = bits; i < address.length * 8; i++) {
                set |= bit(address, i);
            }
            return set == 0;
        }

        private int commonBits(byte[] other) {
            int common = 0;
            while (common < bits && bit(address, common) == bit(other, common)) {
                common++;
            }
            return common;
        }

        private static int bit(byte[] bytes, int index) {
            return bytes[index / 8] >> (7 - index % 8) & 1;
        }
    }
}
