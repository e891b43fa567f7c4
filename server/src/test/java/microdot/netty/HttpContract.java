package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
abstract class HttpContract extends TransportContract {
    private static Microdot app() {
        return new Microdot()
                .get("/", request -> "home")
                .get("/{name}", request -> "hello " + request.param("name"))
                .get("/big/{kib:int}", request -> "x".repeat(request.intParam("kib") << 10))
                .post("/echo", request -> request.text());
    }

    @Test
    void connectionServesSeveralRequests() throws Exception {
        try (Served served = served(app());
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
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.get("/slow/x").get("/a").get("/b");
            gate.countDown();
            client.readTo("slow");
            client.readTo("hello a");
            client.readTo("hello b");
        }
    }

    @Test
    void bodyIsReadByLengthOrInChunks() throws Exception {
        try (Served served = served(app());
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
    void clientThatExpectsContinueGetsIt() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(
                    "POST /echo HTTP/1.1\r\n"
                            + HOST
                            + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            assertEquals("HTTP/1.1 100 Continue\r\n\r\n", client.readHead());
            client.send("body").readTo("body");
        }
    }

    @Http1Only("the field Connection")
    @ParameterizedTest
    @CsvSource({
        "GET,HTTP/1.0,,true",
        "GET,HTTP/1.0,keep-alive,false",
        "GET,HTTP/1.1,close,true",
        "GET,HTTP/1.1,,false"
    })
    void connectionClosesAsTheRequestAsks(
            String method, String version, String connection, boolean closes) throws Exception {
        String field = connection == null ? "" : "Connection: " + connection + "\r\n";
        try (Served served = served(app());
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
    void halfClosedClientGetsItsResponse() throws Exception {
        try (Served served = served(app())) {
            assertTrue(served.answer("GET / HTTP/1.1\r\n" + HOST + "\r\n").endsWith("home"));
        }
    }

    @Test
    void responseToHeadHasLengthAndNoBody() throws Exception {
        try (Served served = served(app())) {
            String answer = served.answer("HEAD / HTTP/1.1\r\n" + HOST + "\r\n");
            assertTrue(
                    answer.contains("content-length: 4\r\n") && answer.endsWith("\r\n\r\n"),
                    answer);
        }
    }

    @Test
    void largeResponseArrivesWhole() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send("GET /big/8192 HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n");
            client.readHead();
            assertEquals(8192 << 10, client.readAll().length());
        }
    }

    @Test
    void failureRevealsNothingToTheClient() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/",
                                request -> {
                                    throw new IllegalStateException("secret");
                                });
        try (Served served = served(app).expectFailures(1)) {
            String answer = served.answer("GET / HTTP/1.1\r\n" + HOST + "\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 500"), answer);
            assertFalse(answer.contains("secret"), answer);
        }
    }

    @Test
    void bindFailureNamesTheTakenPort() throws IOException {
        try (Served served = served(app())) {
            int port = served.server.port();
            var options = new ServerOptions().host("127.0.0.1").port(port);
            var failure =
                    assertThrows(
                            BindException.class,
                            () -> NettyServer.start(app()::route, options, wire().io));
            assertTrue(
                    String.valueOf(failure.getMessage()).contains("127.0.0.1:" + port),
                    failure.getMessage());
        }
    }

    @Test
    void bindFailureSaysThatTheHostIsUnknown() {
        var options = new ServerOptions().host("host.invalid").port(0);
        var failure =
                assertThrows(
                        BindException.class,
                        () -> NettyServer.start(app()::route, options, wire().io));
        assertEquals("cannot listen on host.invalid:0: the host is unknown", failure.getMessage());
    }

    @Test
    void manyPipelinedRequestsAreAllAnsweredInOrder() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            for (int i = 0; i < 500; i++) {
                client.get("/" + i);
            }
            for (int i = 0; i < 500; i++) {
                assertEquals("hello " + i, client.readText());
            }
        }
    }

    @Test
    void pipelinedRequestsOfHalfClosedClientAreAnswered() throws Exception {
        var gate = new CountDownLatch(1);
        var app =
                app().get(
                                "/slow/x",
                                request -> {
                                    gate.await();
                                    return "slow";
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.get("/slow/x").get("/a").get("/b").shutdownOutput();
            gate.countDown();
            assertEquals("slow", client.readText());
            assertEquals("hello a", client.readText());
            assertEquals("hello b", client.readText());
            assertEquals("", client.readAll());
        }
    }

    @Test
    void clientThatHalfClosesDuringLargeResponseGetsAllOfIt() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client(4096)) {
            client.get("/big/8192").readHead();
            assertEquals(8192 << 10, client.shutdownOutput().readAll().length());
        }
    }

    @Test
    void halfClosedClientGetsLargeResponses() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client(4096)) {
            client.get("/big/8192").get("/big/8192").shutdownOutput();
            assertEquals(8192 << 10, client.readBody().length);
            assertEquals(8192 << 10, client.readBody().length);
            assertEquals("", client.readAll());
        }
    }

    @Test
    void pipelinedResponsesDoNotPileUpForClientThatDoesNotRead() throws Exception {
        var handled = new AtomicInteger();
        byte[] mebibyte = new byte[1 << 20];
        var app =
                new Microdot()
                        .get(
                                "/",
                                request -> {
                                    handled.incrementAndGet();
                                    return mebibyte;
                                });
        int asked = 60;
        try (Served served = served(app);
                RawClient client = served.client(4096)) {
            for (int i = 0; i < asked; i++) {
                client.get("/");
            }
            // The kernel buffers a few of them.
            long kept = standstill(handled::get);
            assertTrue(
                    kept < asked / 2,
                    kept + " responses were made although the client does not read");
            for (int i = 0; i < asked; i++) {
                assertEquals(mebibyte.length, client.readBody().length);
            }
        }
        assertEquals(asked, handled.get());
    }

    @Test
    void continueWaitsForEarlierResponses() throws Exception {
        var gate = new CountDownLatch(1);
        var app =
                app().get(
                                "/slow/x",
                                request -> {
                                    gate.await();
                                    return "slow";
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.get("/slow/x");
            client.send(
                    "POST /echo HTTP/1.1\r\n"
                            + HOST
                            + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            gate.countDown();
            assertEquals("slow", client.readText());
            assertEquals("HTTP/1.1 100 Continue\r\n\r\n", client.readHead());
            assertEquals("body", client.send("body").readText());
        }
    }

    @ParameterizedTest
    @CsvSource({"204", "304"})
    void responseWithoutContentHasNoBodyAndNoLength(int status) throws Exception {
        var app = app().get("/none/x", request -> Response.text("lost").status(status));
        app.get("/stream/x", request -> Sse.sseResponse(request, (r, sse) -> {}).status(status));
        try (Served served = served(app);
                RawClient client = served.client()) {
            for (String path : new String[] {"/none/x", "/stream/x"}) {
                String head = client.get(path).readHead();
                assertTrue(head.startsWith("HTTP/1.1 " + status), head);
                assertFalse(head.toLowerCase(Locale.ROOT).contains("content-length"), head);
                assertFalse(head.contains("chunked"), head);
            }
            assertEquals("home", client.get("/").readText());
        }
    }

    /** RFC 9110, section 15.3.6. Over HTTP/1.1 its length may be there, and is 0. */
    @Test
    void resetContentHasNoBody() throws Exception {
        var app = app().get("/reset/x", request -> Response.text("lost").status(205));
        try (Served served = served(app);
                RawClient client = served.client()) {
            String head = client.get("/reset/x").readHead();
            assertTrue(head.startsWith("HTTP/1.1 205"), head);
            assertEquals("home", client.get("/").readText());
        }
    }

    @Test
    void http10ClientThatAsksForKeepAliveKeepsItsConnection() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertTrue(client.readHead().contains("connection: keep-alive\r\n"));
            client.readTo("home");
            assertEquals("home", client.get("/").readText());
        }
    }

    @Http1Only("the field Connection")
    @Test
    void handlerCanCloseTheConnectionButNotChangeItsFraming() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.text("short")
                                                .header("Content-Length", "100")
                                                .header("Transfer-Encoding", "chunked")
                                                .header("Connection", "close"));
        try (Served served = served(app);
                RawClient client = served.client()) {
            String answer = client.get("/").readAll();
            assertTrue(answer.contains("connection: close\r\n"), answer);
            assertTrue(answer.contains("content-length: 5\r\n"), answer);
            assertFalse(answer.contains("100\r\n") || answer.contains("chunked"), answer);
            assertTrue(answer.endsWith("\r\n\r\nshort"), answer);
        }
    }

    @Test
    void userInputCannotInjectResponseHeaders() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.text("ok")
                                                .header("X-Name", request.query("n", "")))
                        .errorHandler(IllegalArgumentException.class, (request, error) -> 400);
        try (Served served = served(app)) {
            for (String name :
                    new String[] {"a%0d%0aInjected:%20yes", "a%0aInjected:%20yes", "%00"}) {
                String answer = served.answer("GET /?n=" + name + " HTTP/1.1\r\n" + HOST + "\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 400"), answer);
                assertFalse(answer.contains("Injected"), answer);
            }
        }
    }
}
