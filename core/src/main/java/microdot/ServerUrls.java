package microdot;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Where a server can be reached, as a person types it. */
final class ServerUrls {
    private ServerUrls() {}

    static List<String> of(String host, int port) {
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return List.of(
                    "http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
        }
        var lines = new ArrayList<String>();
        lines.add("http://localhost:" + port);
        for (String address : others()) {
            lines.add("http://" + address + ":" + port);
        }
        return lines;
    }

    /** What a phone in the same network can type; IPv6 addresses are too long for that. */
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
