package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Input that no client should send, above all input that a proxy and a server could read
 * differently. Each gets one clear response, and nothing after it is taken for a request. A new
 * case is a line in {@code requests.txt}.
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

    record Case(int status, String name, String request, String body) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Case> cases() throws IOException {
        try (InputStream file = BadInputTest.class.getResourceAsStream("/requests.txt")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .map(BadInputTest::parse);
        }
    }

    private static Case parse(String line) {
        int colon = line.indexOf(": ");
        String[] both = line.substring(colon + 2).split(" => ", 2);
        String request =
                both[0].translateEscapes()
                        .replace("{host}", HOST)
                        .replace("{post}", POST)
                        .replace("{chunked}", CHUNKED);
        return new Case(
                Integer.parseInt(line, 0, 3, 10),
                line.substring(4, colon),
                request,
                both.length == 2 ? both[1].translateEscapes() : "");
    }

    static Stream<Case> bad() throws IOException {
        return cases().filter(bad -> bad.status != 200);
    }

    static Stream<Case> odd() throws IOException {
        return cases().filter(odd -> odd.status == 200);
    }

    @ParameterizedTest
    @MethodSource("bad")
    void badRequestIsRefusedOnce(Case bad) throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer(bad.request + SMUGGLED);
            assertStatus(bad.status, answer);
            assertEquals(1, answer.split("(?m)^HTTP/1.1 ", -1).length - 1, answer);
            assertTrue(answer.contains("connection: close\r\n"), answer);
        }
        assertEquals(0, smuggled.get());
    }

    /** The bytes arrive one by one, so that each position is once the end of a read. */
    @ParameterizedTest
    @MethodSource("bad")
    void badRequestByteByByteIsRefused(Case bad) throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            sendSlowly(client, bad.request + SMUGGLED);
            assertStatus(bad.status, client.shutdownOutput().readAll());
        }
        assertEquals(0, smuggled.get());
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

    @ParameterizedTest
    @MethodSource("odd")
    void oddButValidRequestIsServed(Case odd) throws Exception {
        try (Served served = Served.of(app())) {
            try (RawClient client = served.client()) {
                assertEquals(odd.body, client.send(odd.request).readText());
            }
            try (RawClient client = served.client()) {
                sendSlowly(client, odd.request);
                assertEquals(odd.body, client.readText());
            }
        }
    }

    @Test
    void partOfARequestIsNotServed() throws Exception {
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
        try (Served served = new Served(app(), options, IoMode.best())) {
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
    void clientThatExpectsContinueGets413ForTooLargeBody() throws Exception {
        String ask = POST + "Content-Length: 4096\r\nExpect: 100-continue\r\n\r\n";
        try (Served served = new Served(app(), new ServerOptions().maxBody(1024), IoMode.best());
                RawClient client = served.client()) {
            assertStatus(413, client.send(ask).readAll());
        }
    }

    @Test
    void clientThatSendsTooLargeBodyAnywayCanRead413() throws Exception {
        byte[] large = new byte[8 << 20];
        try (Served served = new Served(app(), new ServerOptions().maxBody(1024), IoMode.best());
                RawClient client = served.client()) {
            client.send(POST + "Content-Length: " + large.length + "\r\n\r\n").send(large);
            assertStatus(413, client.readAll());
        }
    }

    private static void assertStatus(int status, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }

    /**
     * Sends garbage, and valid requests with some bytes changed. {@code -Dmicrodot.test.seed=N}
     * repeats a run.
     */
    @Test
    void garbageIsAnsweredOrDisconnected() throws Exception {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("microdot.test.seed=" + seed);
        var random = new Random(seed);
        String valid = CHUNKED + "2\r\nab\r\n0\r\n\r\nGET /a HTTP/1.1\r\n" + HOST + "X: y\r\n\r\n";
        try (Served served = Served.of(app())) {
            for (int i = 0; i < 1000; i++) {
                byte[] bytes = i % 4 == 0 ? noise(random) : mutated(valid, random);
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

    @Test
    void refusalOfHeadHasNoBody() throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
            assertTrue(answer.endsWith("\r\n\r\n"), answer);
        }
    }

    private static byte[] noise(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(String valid, Random random) {
        byte[] bytes = valid.getBytes(StandardCharsets.ISO_8859_1);
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
