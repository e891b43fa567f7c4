package microdot.netty.proxy;

import java.util.Locale;
import java.util.regex.Pattern;

/** The value of the field {@code Host} and of those that stand for it. */
public final class HostField {
    // A rough form of RFC 3986, section 3.2.2: strict enough that the host is unambiguous.
    private static final Pattern HOST =
            Pattern.compile("(?:[\\w.~!$&'()*+,;=%-]*|\\[[0-9A-Fa-f:.]+])(?::\\d*)?");

    private HostField() {}

    /** Returns whether the text is a host, perhaps empty, and perhaps with a port. */
    public static boolean isValid(String text) {
        return HOST.matcher(text).matches();
    }

    /**
     * Returns the name or address of a valid host: in lower case, without the port, the brackets of
     * an IPv6 address and the dot that may end a whole name.
     */
    static String name(String host) {
        int colon = host.lastIndexOf(':');
        boolean address = host.startsWith("[");
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        if (address) {
            return name.substring(1, name.length() - 1);
        }
        String whole = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        return whole.toLowerCase(Locale.ROOT);
    }
}
