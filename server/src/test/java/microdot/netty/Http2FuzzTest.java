package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import microdot.contract.FuzzContract;

/**
 * Whatever frames a client sends over HTTP/2: the server sends frames that the protocol allows, its
 * handlers see a request at most for each HEADERS, and nothing is left after the connection. The
 * first byte of an input chooses how it is split, and whether the client waits for responses before
 * it closes its side; {@link FrameBytes} describes the rest.
 */
public class Http2FuzzTest extends FuzzContract {
    private static final FuzzedApp APP = new FuzzedApp();
    private static final MemoryServer SERVER = new MemoryServer(APP.app(), FuzzedApp.options());

    Http2FuzzTest() {
        super(Http2FuzzTest::fuzzerTestOneInput);
    }

    /** Loads classes before the time of an input counts: Jazzer takes long for each. */
    public static void fuzzerInitialize() throws Exception {
        SERVER.serve(List.of(new FrameBytes(new byte[0]).bytes()), true);
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (input.length == 0) {
            return;
        }
        var sent = new FrameBytes(Arrays.copyOfRange(input, 1, input.length));
        APP.takeSeen(); // Of an input that has failed.
        byte[] received =
                SERVER.serve(FuzzedApp.pieces(sent.bytes(), input[0]), (input[0] & 8) == 0);
        List<FuzzedApp.Seen> seen = APP.takeSeen();
        assertTrue(sent.isRaw() || seen.size() <= sent.streams().size(), seen::toString);
        ResponseFrames.check(sent, received);
    }
}
