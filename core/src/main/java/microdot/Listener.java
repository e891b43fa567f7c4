package microdot;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.internal.ListenAddress;
import microdot.internal.Quoted;
import microdot.internal.Required;

/** One place where a server listens, for {@link ServerOptions#listen}. Immutable. */
public final class Listener {
    static {
        ListenAddress.register(listener -> ((Listener) listener).address);
    }

    private static final Pattern TCP =
            Pattern.compile("(https?)://(?:\\[([0-9A-Fa-f:.]+)]|([^\\[\\]:/?#@]+)):(\\d{1,5})/?");

    /** The kernel's limit for the path of a unix domain socket is 107 bytes. */
    private static final int MAX_PATH = 107;

    private final ListenAddress address;

    private Listener(ListenAddress address) {
        this.address = address;
    }

    /**
     * Returns the listener of an address.
     *
     * @param address {@code http://127.0.0.1:8080} without TLS, {@code https://0.0.0.0:8443} with
     *     the TLS of {@link ServerOptions#tls}, each with a port, 0 for a free one; or {@code
     *     unix:/run/app.sock}, a unix domain socket without TLS
     */
    public static Listener of(String address) {
        Required.notNull(address, "listen", "an address such as https://0.0.0.0:8443");
        if (address.startsWith("unix:") && address.length() > 5) {
            String path = address.substring(5);
            if (path.length() <= MAX_PATH) {
                return new Listener(new ListenAddress(address, false, path, "", 0, false));
            }
        }
        Matcher tcp = TCP.matcher(address);
        int port = tcp.matches() ? Integer.parseInt(tcp.group(4)) : -1;
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(
                    "listen: "
                            + Quoted.of(address)
                            + " (expected: https://ADDRESS:PORT, http://ADDRESS:PORT, or unix:PATH"
                            + " with at most "
                            + MAX_PATH
                            + " bytes)");
        }
        String host = tcp.group(2) == null ? tcp.group(3) : tcp.group(2);
        boolean tls = tcp.group(1).equals("https");
        return new Listener(new ListenAddress(address, tls, null, host, port, false));
    }

    /**
     * Returns a copy whose connections begin with a PROXY header, as {@link
     * ServerOptions#proxyProtocol} says.
     */
    public Listener proxyProtocol() {
        return new Listener(address.withProxyProtocol());
    }

    /** Returns the address as it was given. */
    @Override
    public String toString() {
        return address.text();
    }
}
