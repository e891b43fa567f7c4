package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class HttpTest {
    private static final String HOST = "Host: x\r\n";

    private static Microdot app() {
        return new Microdot()
                .get("/", request -> "home")
                .get("/{name}", request -> "hello " + request.param("name"))
                .get("/big/{kib:int}", request -> "x".repeat(request.intParam("kib") << 10))
                .post("/echo", request -> request.text());
    }

    @Test
    void aConnectionIsUsedAgain() throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            for (int i = 0; i < 3; i++) {
                String head = client.get("/").readHead();
                assertTrue(head.startsWith("HTTP/1.1 200 OK\r\n"), head);
                assertTrue(head.contains("content-length: 4\r\n"), head);
                assertTrue(head.contains("date: "), head);
                client.readTo("home");
            }
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        var gate = new CountDownLatch(1);
        var app =
                app().get(
                                "/slow/x",
                                request -> {
                                    gate.await();
                                    return "slow";
                                });
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            client.get("/slow/x").get("/a").get("/b");
            gate.countDown();
            client.readTo("slow");
            client.readTo("hello a");
            client.readTo("hello b");
        }
    }

    @Test
    void bodiesComeWholeOrInChunks() throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            client.send("POST /echo HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\n\r\nwhole")
                    .readTo("\r\n\r\nwhole");
            client.send(
                    "POST /echo HTTP/1.1\r\n"
                            + HOST
                            + "Transfer-Encoding: chunked\r\n\r\n2\r\nin\r\n6\r\nchunks\r\n0\r\n\r\n");
            client.readTo("inchunks");
        }
    }

    @Test
    void aClientThatAsksIsToldToContinue() throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            client.send(
                    "POST /echo HTTP/1.1\r\n"
                            + HOST
                            + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            assertEquals("HTTP/1.1 100 Continue\r\n\r\n", client.readHead());
            client.send("body").readTo("body");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET,HTTP/1.0,,true",
        "GET,HTTP/1.0,keep-alive,false",
        "GET,HTTP/1.1,close,true",
        "GET,HTTP/1.1,,false"
    })
    void theConnectionEndsWhenItShould(
            String method, String version, String connection, boolean closes) throws Exception {
        String field = connection == null ? "" : "Connection: " + connection + "\r\n";
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            client.send(method + " / " + version + "\r\n" + HOST + field + "\r\n");
            String head = client.readHead();
            assertEquals(closes, head.contains("connection: close"), head);
            client.readTo("home");
            if (closes) {
                assertEquals("", client.readAll());
            } else {
                client.get("/").readTo("home");
            }
        }
    }

    @Test
    void aClientThatHasEndedItsSideGetsItsAnswer() throws Exception {
        try (Served served = Served.of(app())) {
            assertTrue(served.answer("GET / HTTP/1.1\r\n" + HOST + "\r\n").endsWith("home"));
        }
    }

    @Test
    void headHasTheLengthAndNoBody() throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer("HEAD / HTTP/1.1\r\n" + HOST + "\r\n");
            assertTrue(
                    answer.contains("content-length: 4\r\n") && answer.endsWith("\r\n\r\n"),
                    answer);
        }
    }

    @Test
    void aLargeAnswerComesWhole() throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            client.send("GET /big/8192 HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n");
            client.readHead();
            assertEquals(8192 << 10, client.readAll().length());
        }
    }

    @Test
    void filesAndRanges(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("a.txt"), "0123456789");
        Files.writeString(folder.resolveSibling("secret.txt"), "secret");
        var app =
                new Microdot()
                        .get(
                                "/f/{rest:path}",
                                request -> Response.file(folder, request.param("rest")));
        try (Served served = Served.of(app)) {
            String whole = served.answer("GET /f/a.txt HTTP/1.1\r\n" + HOST + "\r\n");
            assertTrue(whole.endsWith("\r\n\r\n0123456789") && whole.contains("text/plain"), whole);
            String part =
                    served.answer("GET /f/a.txt HTTP/1.1\r\n" + HOST + "Range: bytes=2-4\r\n\r\n");
            assertTrue(part.startsWith("HTTP/1.1 206") && part.endsWith("\r\n\r\n234"), part);
            for (String escape :
                    new String[] {
                        "../secret.txt",
                        "%2e%2e/secret.txt",
                        "..%2fsecret.txt",
                        "/etc/passwd",
                        "%2fetc%2fpasswd"
                    }) {
                String answer = served.answer("GET /f/" + escape + " HTTP/1.1\r\n" + HOST + "\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 404"), escape + ": " + answer);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET / HTTP/1.1|X: y||, 400",
        "GET / HTTP/1.1|Host: a|Host: b||, 400",
        "GET / HTTP/2.0|Host: x||, 505",
        "GET / HTTP/9.9|Host: x||, 505",
        "GET nothing HTTP/1.1|Host: x||, 400",
        "GET /%zz HTTP/1.1|Host: x||, 400",
        "GET /%00 HTTP/1.1|Host: x||, 400",
        "NONSENSE||, 400",
        "GET / HTTP/1.1|Host : x||, 400",
        "POST /echo HTTP/1.1|Host: x|Content-Length: 3|Transfer-Encoding: chunked||0||, 400",
        "POST /echo HTTP/1.1|Host: x|Content-Length: 3|Content-Length: 4||abcd, 400",
        "POST /echo HTTP/1.1|Host: x|Content-Length: -1||, 400",
        "POST /echo HTTP/1.1|Host: x|Content-Length: +1||a, 400",
        "POST /echo HTTP/1.1|Host: x|Transfer-Encoding: gzip||, 400",
        "POST /echo HTTP/1.1|Host: x|Transfer-Encoding: chunked, 400",
        "POST /echo HTTP/1.1|Host: x|Transfer-Encoding: chunked||zz|a|0||, 400",
        "POST /echo HTTP/1.1|Host: x|Transfer-Encoding: chunked||-1|a|0||, 400",
        "POST /echo HTTP/1.0|Host: x|Transfer-Encoding: chunked||0||, 400",
        "POST /echo HTTP/1.1|Host: x|Expect: coffee|Content-Length: 1||a, 417",
        "TRACE / HTTP/1.1|Host: x||, 405",
        "CONNECT x:80 HTTP/1.1|Host: x||, 400",
    })
    void badInputGetsAClearStatus(String request, int status) throws Exception {
        try (Served served = Served.of(app())) {
            String answer = served.answer(request.replace("|", "\r\n"));
            boolean cutOff = answer.isEmpty() && request.endsWith("chunked");
            assertTrue(cutOff || answer.startsWith("HTTP/1.1 " + status + " "), answer);
            served.awaitNothingOpen();
        }
    }

    @Test
    void oversizedInputIsRefused() throws Exception {
        var options = new ServerOptions().maxHead(1024).maxBody(1024);
        try (Served served = new Served(app(), options)) {
            String large = "x".repeat(4096);
            assertTrue(
                    served.answer("GET /" + large + " HTTP/1.1\r\n" + HOST + "\r\n")
                            .startsWith("HTTP/1.1 414"));
            assertTrue(
                    served.answer("GET / HTTP/1.1\r\n" + HOST + "X: " + large + "\r\n\r\n")
                            .startsWith("HTTP/1.1 431"));
            assertTrue(
                    served.answer(
                                    "POST /echo HTTP/1.1\r\n"
                                            + HOST
                                            + "Content-Length: 4096\r\n\r\n"
                                            + large)
                            .startsWith("HTTP/1.1 413"));
            String chunked =
                    "POST /echo HTTP/1.1\r\n"
                            + HOST
                            + "Transfer-Encoding: chunked\r\n\r\n1000\r\n"
                            + large
                            + "\r\n0\r\n\r\n";
            assertTrue(served.answer(chunked).startsWith("HTTP/1.1 413"));
        }
    }

    @Test
    void whatComesTooSlowlyIsGivenUp() throws Exception {
        Duration soon = Duration.ofMillis(200);
        var options = new ServerOptions().headTimeout(soon).bodyTimeout(soon).idleTimeout(soon);
        try (Served served = new Served(app(), options)) {
            try (RawClient slow = served.client()) {
                assertTrue(slow.send("GET / HT").readAll().startsWith("HTTP/1.1 408"));
            }
            try (RawClient slow = served.client()) {
                slow.send("POST /echo HTTP/1.1\r\n" + HOST + "Content-Length: 9\r\n\r\nab");
                assertTrue(slow.readAll().startsWith("HTTP/1.1 408"));
            }
            try (RawClient idle = served.client()) {
                assertEquals("", idle.readAll());
            }
        }
    }

    @Test
    void aFailureTellsTheClientNothing() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/",
                                request -> {
                                    throw new IllegalStateException("secret");
                                });
        try (Served served = Served.of(app)) {
            String answer = served.answer("GET / HTTP/1.1\r\n" + HOST + "\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 500"), answer);
            assertFalse(answer.contains("secret"), answer);
        }
    }

    @Test
    void aTakenPortIsNamed() throws IOException {
        try (Served served = Served.of(app())) {
            int port = served.server.port();
            var failure =
                    assertThrows(
                            java.io.UncheckedIOException.class,
                            () -> app().start(new ServerOptions().host("127.0.0.1").port(port)));
            assertTrue(
                    String.valueOf(failure.getMessage()).contains("127.0.0.1:" + port),
                    failure.getMessage());
        }
    }
}
