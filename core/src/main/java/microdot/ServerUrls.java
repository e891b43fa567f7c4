package microdot;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The URLs of a server, as a person types them. */
final class ServerUrls {
    private ServerUrls() {}

    static List<String> of(ServerOptions options, int port) {
        if (!options.listen().isEmpty()) {
            return options.listen().stream().map(Listener::toString).toList();
        }
        String scheme = options.tls() == null ? "http://" : "https://";
        String host = options.host();
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return List.of(url(scheme, host, port));
        }
        var lines = new ArrayList<String>();
        lines.add(url(scheme, "localhost", port));
        for (String name : names(options.hosts())) {
            lines.add(url(scheme, name, port));
        }
        return lines;
    }

    private static String url(String scheme, String host, int port) {
        return scheme + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** Only what the server answers: others than its hosts get 421. */
    private static List<String> names(List<String> hosts) {
        return hosts.isEmpty() || hosts.contains("*")
                ? others()
                : hosts.stream().filter(host -> !host.startsWith("*")).toList();
    }

    /** The IPv4 addresses, for a phone in the same network; IPv6 addresses are too long to type. */
    private static List<String> others() {
        try {
            return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(
                            address ->
                                    !address.isLoopbackAddress()
                                            && address.getAddress().length == 4)
                    .map(InetAddress::getHostAddress)
                    .toList();
        } catch (SocketException e) {
            return List.of();
        }
    }
}
