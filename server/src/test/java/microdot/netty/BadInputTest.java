package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import microdot.Microdot;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What no client should send, above all what two servers in a row could read differently. Each is
 * answered once, clearly, and nothing behind it is taken for a request.
 */
@Timeout(60)
class BadInputTest {
    private static final String HOST = "Host: x\r\n";
    private static final String POST = "POST /echo HTTP/1.1\r\n" + HOST;
    private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\n" + HOST + "\r\n";

    private final AtomicInteger smuggled = new AtomicInteger();

    private Microdot app() {
        return new Microdot()
                .get("/", request -> "home")
                .get("/{name}", request -> "hello " + request.param("name"))
                .post("/echo", request -> request.text())
                .get(
                        "/smuggled",
                        request -> {
                            smuggled.incrementAndGet();
                            return "smuggled";
                        });
    }

    static Stream<Arguments> requestLines() {
        return Stream.of(
                bad("no words", "NONSENSE\r\n\r\n", 400),
                bad("two words", "GET /\r\n" + HOST + "\r\n", 400),
                bad("four words", "GET / / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("two spaces", "GET  / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("two spaces ahead of the version", "GET /  HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a tab", "GET\t/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a vertical tab", "GET /\u000bHTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a form feed", "GET /\fHTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a CR inside", "GET /\rHTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a leading space", " GET / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a trailing space", "GET / HTTP/1.1 \r\n" + HOST + "\r\n", 400),
                bad("a leading NUL", "\0GET / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a NUL in the method", "G\0T / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("no token as method", "GE(T / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("bare LF", "GET / HTTP/1.1\n" + HOST + "\r\n", 400),
                bad("bare CR", "GET / HTTP/1.1\r" + HOST + "\r\n", 400),
                bad("HTTP/2.0", "GET / HTTP/2.0\r\n" + HOST + "\r\n", 505),
                bad("HTTP/9.9", "GET / HTTP/9.9\r\n" + HOST + "\r\n", 505),
                bad("HTTP/1.2", "GET / HTTP/1.2\r\n" + HOST + "\r\n", 505),
                bad("http/1.1", "GET / http/1.1\r\n" + HOST + "\r\n", 400),
                bad("HTTP/1", "GET / HTTP/1\r\n" + HOST + "\r\n", 400),
                bad("HTTP/+1.1", "GET / HTTP/+1.1\r\n" + HOST + "\r\n", 400),
                bad("HTTP/1.10", "GET / HTTP/1.10\r\n" + HOST + "\r\n", 400),
                bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505));
    }

    static Stream<Arguments> targets() {
        return Stream.of(
                bad("no slash", "GET nothing HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("bad percent", "GET /%zz HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("cut percent", "GET /a% HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("encoded NUL", "GET /%00 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("NUL", "GET /\0 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("DEL", "GET /\u007f HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("not ASCII", "GET /\u00e4 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a fragment", "GET /#a HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("another scheme", "GET ftp://x/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("another host", "GET http://y/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a user", "GET http://u@x/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("a foreign authority", "GET x:80 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                bad("CONNECT", "CONNECT x:80 HTTP/1.1\r\n" + HOST + "\r\n", 400));
    }

    static Stream<Arguments> fields() {
        return Stream.of(
                bad("no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400),
                bad("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                bad("two equal Hosts", "GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n", 400),
                bad("a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
                bad("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
                bad("a Host with a user", "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", 400),
                bad("space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
                bad("tab before the colon", "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n", 400),
                bad("no colon", "GET / HTTP/1.1\r\n" + HOST + "X\r\n\r\n", 400),
                bad("no name", "GET / HTTP/1.1\r\n" + HOST + ": y\r\n\r\n", 400),
                bad("no token as name", "GET / HTTP/1.1\r\n" + HOST + "a b: y\r\n\r\n", 400),
                bad("a name not in ASCII", "GET / HTTP/1.1\r\n" + HOST + "\u00e4: y\r\n\r\n", 400),
                bad("folded", "GET / HTTP/1.1\r\n" + HOST + "X: y\r\n z\r\n\r\n", 400),
                bad("folded by a tab", "GET / HTTP/1.1\r\n" + HOST + "X: y\r\n\tz\r\n\r\n", 400),
                bad("folded length", POST + "Content-Length:\r\n 3\r\n\r\nabc", 400),
                bad("folded with nothing", "GET / HTTP/1.1\r\n" + HOST + "X: y\r\n \r\n\r\n", 400),
                bad("folded first", "GET / HTTP/1.1\r\n " + HOST + "\r\n", 400),
                bad("NUL in a value", "GET / HTTP/1.1\r\n" + HOST + "X: a\0b\r\n\r\n", 400),
                bad("CR in a value", "GET / HTTP/1.1\r\n" + HOST + "X: a\rb\r\n\r\n", 400),
                bad("control in a value", "GET / HTTP/1.1\r\n" + HOST + "X: a\u0001b\r\n\r\n", 400),
                bad("bare LF", "GET / HTTP/1.1\r\n" + HOST + "X: y\nZ: z\r\n\r\n", 400),
                bad("bare LF at the end", "GET / HTTP/1.1\r\n" + HOST + "\n", 400),
                bad(
                        "another expectation",
                        POST + "Expect: tea\r\nContent-Length: 1\r\n\r\na",
                        417));
    }

    static Stream<Arguments> lengths() {
        String coded = POST + "Transfer-Encoding: ";
        return Stream.of(
                bad(
                        "both",
                        POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400),
                bad("both turned", coded + "chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
                bad(
                        "two lengths",
                        POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                        400),
                bad(
                        "two equal lengths",
                        POST + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
                        400),
                bad(
                        "two lengths in HTTP/1.0",
                        "POST /echo HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 30\r\n\r\na",
                        400),
                bad("a list of lengths", POST + "Content-Length: 1, 1\r\n\r\na", 400),
                bad("negative", POST + "Content-Length: -1\r\n\r\n", 400),
                bad("plus", POST + "Content-Length: +1\r\n\r\na", 400),
                bad("hexadecimal", POST + "Content-Length: 0x1\r\n\r\na", 400),
                bad("a comma", POST + "Content-Length: 1,\r\n\r\na", 400),
                bad("a space", POST + "Content-Length: 1 1\r\n\r\na", 400),
                bad("empty", POST + "Content-Length: \r\n\r\n", 400),
                bad("too many digits", POST + "Content-Length: 99999999999999999999\r\n\r\n", 400),
                bad("gzip", coded + "gzip\r\n\r\n", 400),
                bad("identity", coded + "identity\r\n\r\n", 400),
                bad("gzip, chunked", coded + "gzip, chunked\r\n\r\n0\r\n\r\n", 501),
                bad("chunked, gzip", coded + "chunked, gzip\r\n\r\n0\r\n\r\n", 400),
                bad("chunked, identity", coded + "chunked, identity\r\n\r\n0\r\n\r\n", 400),
                bad("chunked twice", coded + "chunked, chunked\r\n\r\n0\r\n\r\n", 400),
                bad(
                        "two codings",
                        coded + "chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                        400),
                bad("xchunked", coded + "xchunked\r\n\r\n0\r\n\r\n", 400),
                bad("quoted", coded + "\"chunked\"\r\n\r\n0\r\n\r\n", 400),
                bad("a parameter", coded + "chunked;q=1\r\n\r\n0\r\n\r\n", 400),
                bad(
                        "a vertical tab",
                        POST + "Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n",
                        400),
                bad(
                        "a space before the colon",
                        POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                        400),
                bad(
                        "chunked in HTTP/1.0",
                        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400),
                bad(
                        "an old WebSocket",
                        "GET / HTTP/1.1\r\n"
                                + HOST
                                + "Sec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 2\r\n\r\n12345678",
                        400));
    }

    static Stream<Arguments> chunks() {
        return Stream.of(
                bad("no hexadecimal", CHUNKED + "zz\r\na\r\n0\r\n\r\n", 400),
                bad("negative", CHUNKED + "-1\r\na\r\n0\r\n\r\n", 400),
                bad("plus", CHUNKED + "+1\r\na\r\n0\r\n\r\n", 400),
                bad("0x", CHUNKED + "0x1\r\na\r\n0\r\n\r\n", 400),
                bad("empty", CHUNKED + "\r\n0\r\n\r\n", 400),
                bad("a leading space", CHUNKED + " 1\r\na\r\n0\r\n\r\n", 400),
                bad("a trailing space", CHUNKED + "1 \r\na\r\n0\r\n\r\n", 400),
                bad("two sizes", CHUNKED + "1 1\r\na\r\n0\r\n\r\n", 400),
                bad("an underscore", CHUNKED + "1_0\r\na\r\n0\r\n\r\n", 400),
                bad("overflow", CHUNKED + "100000001\r\na\r\n0\r\n\r\n", 400),
                bad("overflow of a long", CHUNKED + "10000000000000001\r\na\r\n0\r\n\r\n", 400),
                bad("a NUL", CHUNKED + "1\0\r\na\r\n0\r\n\r\n", 400),
                bad("bare LF behind the size", CHUNKED + "1\na\r\n0\r\n\r\n", 400),
                bad("bare LF in an extension", CHUNKED + "1;x\n\r\na\r\n0\r\n\r\n", 400),
                bad("bare CR in an extension", CHUNKED + "1;x\ry\r\na\r\n0\r\n\r\n", 400),
                bad("bare LF behind the data", CHUNKED + "1\r\na\n0\r\n\r\n", 400),
                bad("data too long", CHUNKED + "1\r\nabc\r\n0\r\n\r\n", 400),
                bad("nothing behind the data", CHUNKED + "1\r\na0\r\n\r\n", 400),
                bad("bare LF at the end", CHUNKED + "0\r\n\n", 400),
                bad("a trailer without a colon", CHUNKED + "0\r\nX\r\n\r\n", 400),
                bad("a trailer with a bad name", CHUNKED + "0\r\na b: c\r\n\r\n", 400));
    }

    private static Arguments bad(String name, String request, int status) {
        return Arguments.of(name, request, status);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"requestLines", "targets", "fields", "lengths", "chunks"})
    void isAnsweredOnceAndClearly(String name, String request, int status) throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer(request + SMUGGLED);
            assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), name + ": " + answer);
            assertEquals(1, answer.split("(?m)^HTTP/1.1 ", -1).length - 1, name + ": " + answer);
            assertTrue(answer.contains("connection: close\r\n"), name + ": " + answer);
        }
        assertEquals(0, smuggled.get(), name);
    }

    /** The bytes arrive one by one, so that every place is once the end of a read. */
    @ParameterizedTest(name = "{0}")
    @MethodSource({"fields", "lengths"})
    void byteByByteToo(String name, String request, int status) throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            sendSlowly(client, request + SMUGGLED);
            String answer = client.shutdownOutput().readAll();
            assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), name + ": " + answer);
        }
        assertEquals(0, smuggled.get(), name);
    }

    private static void sendSlowly(RawClient client, String request) throws IOException {
        for (byte b : request.getBytes(StandardCharsets.ISO_8859_1)) {
            try {
                client.send(new byte[] {b});
            } catch (SocketException refusedAndClosed) {
                return;
            }
        }
    }

    static Stream<Arguments> good() {
        return Stream.of(
                Arguments.of(
                        "empty lines ahead", "\r\n\r\nGET / HTTP/1.1\r\n" + HOST + "\r\n", "home"),
                Arguments.of("whole URL", "GET http://x/ HTTP/1.1\r\n" + HOST + "\r\n", "home"),
                Arguments.of(
                        "whole URL in capitals",
                        "GET HTTP://X/?q HTTP/1.1\r\n" + HOST + "\r\n",
                        "home"),
                Arguments.of("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "home"),
                Arguments.of("a port", "GET / HTTP/1.1\r\nHost: x:80\r\n\r\n", "home"),
                Arguments.of("an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "home"),
                Arguments.of("an underscore", "GET / HTTP/1.1\r\nHost: a_b.c\r\n\r\n", "home"),
                Arguments.of("no space", "GET / HTTP/1.1\r\nHost:x\r\n\r\n", "home"),
                Arguments.of("much space", "GET / HTTP/1.1\r\nHost: \t x \t\r\n\r\n", "home"),
                Arguments.of("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "home"),
                Arguments.of("Latin-1", "GET / HTTP/1.1\r\n" + HOST + "X: \u00e4\r\n\r\n", "home"),
                Arguments.of(
                        "Chunked",
                        POST + "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
                        "a"),
                Arguments.of("an extension", CHUNKED + "1;a=b\r\na\r\n0\r\n\r\n", "a"),
                Arguments.of("a space ahead of it", CHUNKED + "1 ;a=\"b\"\r\na\r\n0\r\n\r\n", "a"),
                Arguments.of("leading zeros", CHUNKED + "0001\r\na\r\n0\r\n\r\n", "a"),
                Arguments.of("trailers", CHUNKED + "1\r\na\r\n0\r\nX: y\r\nHost: z\r\n\r\n", "a"),
                Arguments.of(
                        "a body that looks folded",
                        POST + "Content-Length: 5\r\n\r\na\r\n b",
                        "a\r\n b"),
                Arguments.of(
                        "chunks that look folded",
                        CHUNKED + "5\r\na\r\n b\r\n0\r\n\r\n",
                        "a\r\n b"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void whatIsOnlyOddIsServed(String name, String request, String body) throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            assertEquals(body, client.send(request).readText(), name);
        }
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            sendSlowly(client, request);
            assertEquals(body, client.readText(), name);
        }
    }

    @Test
    void aPartOfARequestIsNoRequest() throws Exception {
        String request = CHUNKED + "2\r\nab\r\n0\r\n\r\n";
        try (Served served = Served.of(app())) {
            for (int end = 0; end < request.length(); end++) {
                String answer = served.answer(request.substring(0, end));
                assertFalse(answer.startsWith("HTTP/1.1 2"), end + ": " + answer);
            }
            assertTrue(served.answer(request).endsWith("ab"));
        }
    }

    @Test
    void traceEchoesNothing() throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer("TRACE / HTTP/1.1\r\n" + HOST + "X: secret\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 405"), answer);
            assertFalse(answer.contains("secret"), answer);
        }
    }

    @Test
    void oversizedInputIsRefused() throws Exception {
        var options = new ServerOptions().maxHead(1024).maxBody(1024);
        String large = "x".repeat(4096);
        try (Served served = new Served(app(), options, true)) {
            assertStatus(414, served.answer("GET /" + large + " HTTP/1.1\r\n" + HOST + "\r\n"));
            assertStatus(414, served.answer("GET /" + large));
            String head = "GET / HTTP/1.1\r\n" + HOST;
            assertStatus(431, served.answer(head + "X: " + large + "\r\n\r\n"));
            assertStatus(431, served.answer(head + "X: y\r\n".repeat(1000) + "\r\n"));
            assertStatus(413, served.answer(POST + "Content-Length: 4096\r\n\r\n" + large));
            assertStatus(413, served.answer(CHUNKED + "1000\r\n" + large + "\r\n0\r\n\r\n"));
            assertStatus(431, served.answer(CHUNKED + "0\r\nX: " + large + "\r\n\r\n"));
            assertStatus(400, served.answer(CHUNKED + "1;" + large + "\r\na\r\n0\r\n\r\n"));
        }
    }

    @Test
    void aClientThatAsksFirstIsToldThatItsBodyIsTooLarge() throws Exception {
        String ask = POST + "Content-Length: 4096\r\nExpect: 100-continue\r\n\r\n";
        try (Served served = new Served(app(), new ServerOptions().maxBody(1024), true);
                RawClient client = served.client()) {
            assertStatus(413, client.send(ask).readAll());
        }
    }

    @Test
    void aClientThatSendsItAllTheSameSeesWhy() throws Exception {
        byte[] large = new byte[8 << 20];
        try (Served served = new Served(app(), new ServerOptions().maxBody(1024), true);
                RawClient client = served.client()) {
            client.send(POST + "Content-Length: " + large.length + "\r\n\r\n").send(large);
            assertStatus(413, client.readAll());
        }
    }

    private static void assertStatus(int status, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }

    /**
     * Garbage, and sound requests with some bytes changed; {@code -Dmicrodot.test.seed=N} repeats.
     */
    @Test
    void garbageHangsNothing() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("microdot.test.seed=" + seed);
        var random = new Random(seed);
        String sound = CHUNKED + "2\r\nab\r\n0\r\n\r\nGET /a HTTP/1.1\r\n" + HOST + "X: y\r\n\r\n";
        try (Served served = Served.of(app())) {
            for (int i = 0; i < 1000; i++) {
                byte[] bytes = i % 4 == 0 ? noise(random) : mutated(sound, random);
                try (RawClient client = served.client()) {
                    String answer = client.send(bytes).shutdownOutput().readAll();
                    assertTrue(
                            answer.isEmpty()
                                    || answer.startsWith(RawClient.RESET)
                                    || answer.matches(
                                            "(?s)HTTP/1\\.1 (200|400|404|405|413|414|417|431|501|505) .*"),
                            () -> "seed " + seed + ": " + answer);
                }
            }
        }
    }

    private static byte[] noise(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(String sound, Random random) {
        byte[] bytes = sound.getBytes(StandardCharsets.ISO_8859_1);
        String likely = "\r\n \t:;,0123fF\0/";
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] =
                    random.nextBoolean()
                            ? (byte) likely.charAt(random.nextInt(likely.length()))
                            : (byte) random.nextInt(256);
        }
        return bytes;
    }
}
