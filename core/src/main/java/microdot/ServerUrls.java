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
        return of(options.tls() == null ? "http://" : "https://", options.host(), port);
    }

    private static List<String> of(String scheme, String host, int port) {
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return List.of(
                    scheme + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
        }
        var lines = new ArrayList<String>();
        lines.add(scheme + "localhost:" + port);
        for (String address : others()) {
            lines.add(scheme + address + ":" + port);
        }
        return lines;
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
