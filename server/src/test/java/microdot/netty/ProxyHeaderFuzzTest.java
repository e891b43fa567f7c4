package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.contract.FuzzContract;
import microdot.internal.IpNetworks;
import org.jspecify.annotations.Nullable;

/**
 * With the PROXY protocol, handlers see only requests after a header, from the client that it
 * names. The first byte of an input chooses how it is split.
 */
public class ProxyHeaderFuzzTest extends FuzzContract {
    private static final Pattern VERSION_1 =
            Pattern.compile("(?s)(PROXY (?:UNKNOWN.*?|TCP[46] ([0-9A-Fa-f.:]+) .*?)\r\n).*");
    private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
    private static final String SOCKET = "127.0.0.1";

    private static final FuzzedApp APP = new FuzzedApp();
    private static final MemoryServer SERVER =
            new MemoryServer(APP.app(), FuzzedApp.options().proxyProtocol(true));

    ProxyHeaderFuzzTest() {
        super(ProxyHeaderFuzzTest::fuzzerTestOneInput);
    }

    /**
     * A header.
     *
     * @param client the address that handlers see
     */
    private record Header(int length, String client) {}

    /** Loads classes before the time of an input counts: Jazzer takes long for each. */
    public static void fuzzerInitialize() throws Exception {
        String request = "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
        SERVER.serve(List.of(request.getBytes(ISO_8859_1)), true);
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (input.length == 0) {
            return;
        }
        byte[] sent = Arrays.copyOfRange(input, 1, input.length);
        Header header = header(sent);
        byte[] rest = Arrays.copyOfRange(sent, header == null ? 0 : header.length, sent.length);
        if (new String(rest, ISO_8859_1).startsWith(FrameBytes.PREFACE)) {
            return; // HTTP/2.
        }
        APP.takeSeen(); // Of an input that has failed.
        byte[] received = SERVER.serve(FuzzedApp.pieces(sent, input[0]), (input[0] & 8) == 0);
        List<FuzzedApp.Seen> seen = APP.takeSeen();
        if (header == null) {
            assertEquals(0, received.length, "a response to what has no header");
            assertTrue(seen.isEmpty(), seen::toString);
            return;
        }
        seen.forEach(one -> assertEquals(header.client, one.client));
        if (received.length > 0) { // The server may know better that the header is malformed.
            Http1FuzzTest.check(RequestBytes.read(rest), seen, received);
        }
    }

    /** Returns what a lenient reader takes for a header; null if it finds none. */
    private static @Nullable Header header(byte[] bytes) throws Exception {
        boolean second =
                bytes.length >= 16
                        && Arrays.equals(
                                bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
        if (second) {
            int length = 16 + (((bytes[14] & 0xFF) << 8) | (bytes[15] & 0xFF));
            return length > bytes.length ? null : new Header(length, client(bytes));
        }
        Matcher first = VERSION_1.matcher(new String(bytes, ISO_8859_1));
        if (!first.matches()) {
            return null;
        }
        String source = first.group(2);
        InetAddress address = source == null ? null : IpNetworks.address(source);
        return new Header(
                first.end(1), address == null ? SOCKET : String.valueOf(address.getHostAddress()));
    }

    private static String client(byte[] bytes) throws Exception {
        boolean local = (bytes[12] & 0xF) == 0;
        int length = bytes[13] >> 4 == 1 ? 4 : bytes[13] >> 4 == 2 ? 16 : 0;
        if (local || length == 0 || bytes.length < 16 + length) {
            return SOCKET;
        }
        byte[] address = Arrays.copyOfRange(bytes, 16, 16 + length);
        return String.valueOf(InetAddress.getByAddress(address).getHostAddress());
    }
}
