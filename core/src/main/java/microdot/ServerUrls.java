package microdot;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import microdot.internal.ListenAddress;

/** The URLs of a server, as a person types them. */
final class ServerUrls {
    private ServerUrls() {}

    static List<String> of(ServerOptions options, int port) {
        if (!options.listen().isEmpty()) {
            return options.listen().stream()
                    .map(ListenAddress::of)
                    .flatMap(each -> of(each, options.hosts()).stream())
                    .toList();
        }
        String scheme = options.tls() == null ? "http://" : "https://";
        return of(scheme, options.host(), port, options.hosts());
    }

    /** A unix domain socket, and a port that the system chooses, are shown as they were given. */
    private static List<String> of(ListenAddress address, List<String> hosts) {
        return address.path() != null || address.port() == 0
                ? List.of(address.text())
                : of(address.tls() ? "https://" : "http://", address.host(), address.port(), hosts);
    }

    private static List<String> of(String scheme, String host, int port, List<String> hosts) {
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return List.of(url(scheme, host, port));
        }
        var lines = new ArrayList<String>();
        lines.add(url(scheme, "localhost", port));
        for (String name : names(hosts)) {
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
