package microdot.netty.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.List;
import microdot.Headers;
import microdot.contract.FuzzContract;
import microdot.internal.IpNetworks;

/**
 * Whatever a client writes into the fields of proxies: what the nearest proxy adds is believed, and
 * not what the client wrote before it. The lines of an input are fields.
 */
class ForwardedFuzzTest extends FuzzContract {
    private static final IpNetworks TRUSTED = IpNetworks.of(List.of("10.0.0.0/8", "fd00::/8"));
    private static final String CLIENT = "203.0.113.7";
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(CLIENT, 0);
    private static final RequestOrigin DIRECT =
            new RequestOrigin(new InetSocketAddress("10.9.9.9", 999), "http", "direct.example");

    ForwardedFuzzTest() {
        super(ForwardedFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        var headers = new Headers();
        for (String line : new String(input, ISO_8859_1).split("\n", -1)) {
            String[] field = line.split(":", 2);
            try {
                headers.add(field[0], field.length == 2 ? field[1].strip() : "");
            } catch (IllegalArgumentException notSent) {
                return;
            }
            checkNode(field[field.length - 1]);
        }
        checkOrigin(ForwardedFields.read(headers, TRUSTED, DIRECT));
        checkAppended(headers);
    }

    private static void checkOrigin(RequestOrigin origin) {
        assertTrue(origin.scheme().equals("http") || origin.scheme().equals("https"));
        assertTrue(HostField.isValid(String.valueOf(origin.host())), () -> "" + origin);
        HostField.name(String.valueOf(origin.host()));
    }

    /** A proxy adds its element in the last line of the field, or in its own line. */
    private static void checkAppended(Headers headers) {
        String element = "for=" + CLIENT + ";proto=https;host=a.example";
        boolean byX = headers.contains("X-Forwarded-For");
        String name = byX ? "X-Forwarded-For" : "Forwarded";
        Headers ownLine = copy(headers).add(name, byX ? CLIENT : element);
        Headers sameLine = copy(headers).remove(name);
        List<String> lines = headers.all(name);
        for (int i = 0; i < lines.size(); i++) {
            String added = i == lines.size() - 1 ? ", " + (byX ? CLIENT : element) : "";
            sameLine.add(name, lines.get(i) + added);
        }
        if (lines.isEmpty()) {
            sameLine.add(name, element);
        }
        for (Headers all : List.of(ownLine, sameLine)) {
            if (byX) {
                all.add("X-Forwarded-Proto", "https").add("X-Forwarded-Host", "a.example");
            }
            RequestOrigin origin = ForwardedFields.read(all, TRUSTED, DIRECT);
            assertEquals(new RequestOrigin(ADDRESS, "https", "a.example"), origin, all::toString);
        }
    }

    private static Headers copy(Headers headers) {
        var copy = new Headers();
        headers.forEach(copy::add);
        return copy;
    }

    /** An address that is read is written as the same address. */
    private static void checkNode(String text) {
        InetSocketAddress node = NodeAddress.parse(text);
        if (node != null) {
            String address = String.valueOf(node.getAddress().getHostAddress());
            String written = address.indexOf(':') < 0 ? address : "[" + address + "]";
            assertEquals(node, NodeAddress.parse(written + ":" + node.getPort()));
        }
    }
}
