package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import microdot.Headers;
import microdot.HttpException;
import microdot.Request;
import microdot.contract.FuzzContract;

/**
 * Whatever a client sends over HTTP/1.1: handlers see no other requests than those that the grammar
 * finds in its bytes, each gets one well-formed response, and nothing is left after the connection.
 * The first byte of an input chooses how it is split, and whether the client waits for responses
 * before it closes its side.
 */
public class Http1FuzzTest extends FuzzContract {
    private static final FuzzedApp APP = new FuzzedApp();
    private static final MemoryServer SERVER = new MemoryServer(APP.app(), FuzzedApp.options());

    Http1FuzzTest() {
        super(Http1FuzzTest::fuzzerTestOneInput);
    }

    /** Loads classes before the time of an input counts: Jazzer takes long for each. */
    public static void fuzzerInitialize() throws Exception {
        SERVER.serve(List.of("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1)), true);
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (input.length == 0) {
            return;
        }
        byte[] sent = Arrays.copyOfRange(input, 1, input.length);
        if (new String(sent, ISO_8859_1).startsWith(FrameBytes.PREFACE)) {
            return; // HTTP/2.
        }
        APP.takeSeen(); // Of an input that has failed.
        byte[] received = SERVER.serve(FuzzedApp.pieces(sent, input[0]), (input[0] & 8) == 0);
        List<FuzzedApp.Seen> seen = APP.takeSeen();
        check(RequestBytes.read(sent), seen, received);
    }

    /**
     * Checks what handlers saw and what the client has received.
     *
     * @param expected the requests by the grammar
     */
    static void check(
            List<RequestBytes.Read> expected, List<FuzzedApp.Seen> seen, byte[] received) {
        checkSeen(expected, seen);
        var responses = new ResponseBytes(received);
        int count = 0;
        for (FuzzedApp.Seen one : seen) {
            if (!responses.next(one.method.equals("HEAD"))) {
                // A client that has closed its side before its stream began has left.
                assertTrue(FuzzedApp.isStream(one), () -> "no response: " + one);
                assertEquals(seen.size(), count + 1);
                return;
            }
            count++;
            assertTrue(responses.status() != 500, () -> one + ": 500");
        }
        // At most one refusal more, and the connection ends with it.
        if (!responses.isAtEnd()) {
            assertTrue(responses.nextRefusal(), "bytes after the last response");
            count++;
        }
        // A request that the server has not taken: it has told that it takes no more.
        if (count < expected.size() && !(count > 0 && expected.get(count - 1).odd())) {
            assertTrue(responses.isLast(), () -> "not answered: " + expected);
        }
    }

    /** What handlers saw is the beginning of what the grammar says. */
    private static void checkSeen(List<RequestBytes.Read> expected, List<FuzzedApp.Seen> seen) {
        assertTrue(seen.size() <= expected.size(), () -> seen + ", but by the grammar " + expected);
        for (int i = 0; i < seen.size(); i++) {
            FuzzedApp.Seen one = seen.get(i);
            RequestBytes.Read read = expected.get(i);
            assertEquals(read.method(), one.method);
            Request request = request(read);
            assertEquals(request.path() + "?" + request.rawQuery(), one.path + "?" + one.query);
            byte[] body = one.body;
            if (body != null) {
                assertNotNull(read.body(), () -> "an unfinished body was read: " + one);
                assertArrayEquals(read.body(), body);
            }
        }
    }

    private static Request request(RequestBytes.Read read) {
        try {
            var client = new InetSocketAddress(9);
            return new Request(
                    read.method(), read.target(), new Headers(), new byte[0], client, "http");
        } catch (HttpException e) {
            throw new AssertionError("a handler saw " + read, e);
        }
    }
}
