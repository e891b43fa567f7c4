package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import microdot.Microdot;
import microdot.Request;
import microdot.ServerOptions;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A body is read when the handler asks for it, and not before. */
@Timeout(60)
abstract class BodyContract extends TransportContract {
    private static final String EXPECT = "Expect: 100-continue\r\n";
    private static final String HUGE = "Content-Length: 1000000000\r\n\r\n";

    private static Microdot app() {
        var app =
                new Microdot()
                        .get("/", request -> "home")
                        .post("/echo", request -> request.text())
                        .post("/ignores", request -> "ignored")
                        .post("/length", BodyContract::length)
                        .post("/large", Microdot.maxBody(64 << 20, BodyContract::length))
                        .post("/tiny", Microdot.maxBody(4, request -> request.text()));
        var guarded = new Microdot().beforeRequest(request -> 401);
        guarded.post("/x", request -> request.text());
        return app.mount("/guarded", guarded);
    }

    private static String length(Request request) throws Exception {
        long length = 0;
        InputStream in = request.stream();
        byte[] buffer = new byte[10_000];
        for (int count; (count = in.read(buffer)) >= 0; ) {
            length += count;
        }
        return "" + length;
    }

    private static String post(String path, String fields) {
        return "POST " + path + " HTTP/1.1\r\n" + HOST + fields;
    }

    private static String chunked(String path) {
        return post(path, "Transfer-Encoding: chunked\r\n\r\n");
    }

    // ---- What costs no body ----

    @ParameterizedTest
    @ValueSource(strings = {"404 /nowhere", "405 /", "401 /guarded/x", "413 /echo", "200 /ignores"})
    void responseThatNeedsNoBodyDoesNotWaitForIt(String expected) throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(post(expected.substring(4), HUGE) + "a part of it");
            String head = client.readHead();
            assertTrue(head.startsWith("HTTP/1.1 " + expected.substring(0, 3)), head);
            assertTrue(head.contains("connection: close\r\n"), head);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"404 /nowhere", "401 /guarded/x", "413 /echo", "200 /ignores"})
    void clientIsNotAskedForABodyThatNobodyReads(String expected) throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            String answer = client.send(post(expected.substring(4), EXPECT + HUGE)).readAll();
            assertTrue(answer.startsWith("HTTP/1.1 " + expected.substring(0, 3)), answer);
        }
    }

    @Test
    void clientThatSendsALargeBodyCanReadTheEarlyResponse() throws Exception {
        byte[] large = new byte[8 << 20];
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(post("/ignores", "Content-Length: " + large.length + "\r\n\r\n"));
            client.send(large);
            assertTrue(client.readAll().endsWith("\r\n\r\nignored"));
        }
    }

    @Http1Only("the stream is reset, and the gateway drops the rest")
    @Test
    void clientThatSendsAnEndlessChunkedBodyCanReadTheEarlyResponse() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(chunked("/ignores"));
            assertEquals("ignored", client.readText());
            String chunk = "2000\r\n" + "x".repeat(0x2000) + "\r\n";
            assertThrows(
                    SocketException.class,
                    () -> {
                        while (true) {
                            client.send(chunk);
                        }
                    });
        }
    }

    // ---- The rest that a handler leaves ----

    @Http1Only("the stream is reset: nobody waits for the rest")
    @Test
    void shortRestIsDiscardedAndTheConnectionKept() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(post("/ignores", "Content-Length: 60000\r\n\r\nab"));
            assertEquals("ignored", client.readText());
            client.send("x".repeat(59_998)).get("/");
            assertEquals("home", client.readText());
            client.send(chunked("/ignores") + "2\r\nab\r\n");
            assertEquals("ignored", client.readText());
            client.send("2\r\nab\r\n0\r\n\r\n").get("/");
            assertEquals("home", client.readText());
        }
    }

    @Http1Only("chunks")
    @Test
    void malformedRestClosesTheConnection() throws Exception {
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(chunked("/ignores"));
            assertEquals("ignored", client.readText());
            assertEquals("", client.send("zz\r\n").get("/").readAll());
        }
    }

    @Http1Only("the stream is reset: nobody waits for the rest")
    @Test
    void restThatComesTooSlowlyClosesTheConnection() throws Exception {
        var options = new ServerOptions().bodyTimeout(Duration.ofMillis(200));
        try (Served served = served(app(), options);
                RawClient client = served.client()) {
            client.send(post("/ignores", "Content-Length: 3\r\n\r\na"));
            assertEquals("ignored", client.readText());
            assertEquals("", client.readAll());
        }
    }

    @Test
    void requestsBehindABodyAreAnsweredInOrder() throws Exception {
        String requests =
                post("/echo", "Content-Length: 3\r\n\r\none")
                        + post("/ignores", "Content-Length: 3\r\n\r\ntwo")
                        + chunked("/echo")
                        + "5\r\nthree\r\n0\r\n\r\n"
                        + "GET / HTTP/1.1\r\n"
                        + HOST
                        + "\r\n"
                        + post("/length", "Content-Length: 300000\r\n\r\n")
                        + "x".repeat(300_000)
                        + "HEAD / HTTP/1.1\r\n"
                        + HOST
                        + "Content-Length: 3\r\n\r\nabc"
                        + "GET / HTTP/1.1\r\n"
                        + HOST
                        + "Content-Length: 3\r\n\r\nabc";
        try (Served served = served(app());
                RawClient client = served.client()) {
            client.send(requests);
            assertEquals("one", client.readText());
            assertEquals("ignored", client.readText());
            assertEquals("three", client.readText());
            assertEquals("home", client.readText());
            assertEquals("300000", client.readText());
            assertTrue(client.readHead().contains("content-length: 4"));
            assertEquals("home", client.readText());
        }
    }

    // ---- Limits ----

    @Test
    void routeMayHaveItsOwnLimit() throws Exception {
        String large = "x".repeat(3 << 20);
        try (Served served = served(app(), new ServerOptions().maxBody(1000))) {
            String length = "Content-Length: " + large.length() + "\r\n\r\n";
            try (RawClient client = served.client()) {
                client.send(post("/large", length)).send(large);
                assertEquals("" + large.length(), client.readText());
                client.send(chunked("/large") + "300000\r\n").send(large + "\r\n0\r\n\r\n");
                assertEquals("" + large.length(), client.readText());
            }
            for (String path : new String[] {"/echo", "/length", "/tiny"}) {
                String limit = path.equals("/tiny") ? "4" : "1000";
                for (String request :
                        new String[] {
                            post(path, "Content-Length: 1001\r\n\r\n"),
                            chunked(path) + "3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n"
                        }) {
                    String answer = served.answer(request);
                    assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
                    assertTrue(answer.contains(limit + " bytes (maxBody)"), answer);
                }
            }
            assertTrue(
                    served.answer(post("/tiny", "Content-Length: 4\r\n\r\nfour")).endsWith("four"));
        }
    }

    // ---- Streams ----

    @Test
    void clientIsSlowedDownToTheHandlerThatReadsAStream() throws Exception {
        var gate = new CountDownLatch(1);
        var sent = new AtomicLong();
        var app =
                new Microdot()
                        .post(
                                "/",
                                Microdot.maxBody(
                                        1 << 30,
                                        request -> {
                                            int first = request.stream().read();
                                            gate.await();
                                            return first + " " + length(request);
                                        }));
        byte[] block = new byte[1 << 16];
        int blocks = 1600;
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.send(post("/", "Content-Length: " + blocks * block.length + "\r\n\r\n"));
            Thread sender =
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        try {
                                            for (int i = 0; i < blocks; i++) {
                                                client.send(block);
                                                sent.incrementAndGet();
                                            }
                                        } catch (IOException e) {
                                            sent.set(-1);
                                        }
                                    });
            // The kernels buffer some MiB.
            long kept = standstill(sent::get);
            assertTrue(kept < blocks / 2, kept + " blocks were taken that nobody reads");
            gate.countDown();
            assertEquals("0 " + (blocks * block.length - 1), client.readText());
            sender.join();
            assertEquals(blocks, sent.get());
        }
    }

    @Test
    void bodyArrivesWhileTheHandlerReads() throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    var in = new InputStreamReader(request.stream(), UTF_8);
                                    var reader = new BufferedReader(in);
                                    for (String line; (line = reader.readLine()) != null; ) {
                                        lines.add(line);
                                    }
                                    return "end";
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.send("POST / HTTP/1.1\r\n" + HOST + EXPECT);
            client.send("Transfer-Encoding: chunked\r\n\r\n");
            assertEquals("HTTP/1.1 100 Continue\r\n\r\n", client.readHead());
            for (String line : new String[] {"one", "two"}) {
                client.send("4\r\n" + line + "\n\r\n");
                assertEquals(line, lines.take());
            }
            client.send("0\r\n\r\n");
            assertEquals("end", client.readText());
        }
    }

    @Http1Only("a client that closes one side during a body")
    @Test
    void handlerThatReadsLearnsOfAnUnfinishedBody() throws Exception {
        try (Served served = served(app())) {
            String half = post("/echo", "Content-Length: 9\r\n\r\nhalf");
            assertTrue(served.answer(half).startsWith("HTTP/1.1 400"));
            assertTrue(served.answer(chunked("/length") + "4\r\nha").startsWith("HTTP/1.1 400"));
            try (RawClient client = served.client()) {
                client.send(half);
                served.awaitConnections(1);
                client.reset();
            }
            served.awaitNothingOpen();
        }
    }

    @Test
    void streamHandlerCanReadTheBodyOfItsRequest() throws Exception {
        var app =
                new Microdot()
                        .post("/chat", Sse.withSse((request, sse) -> sse.send(request.text())));
        try (Served served = served(app, new ServerOptions().maxBody(1000))) {
            try (RawClient client = served.client()) {
                client.send(post("/chat", EXPECT + "Content-Length: 6\r\n\r\n"));
                assertEquals("HTTP/1.1 100 Continue\r\n\r\n", client.readHead());
                client.send("pro");
                client.send("mpt").readTo("data: prompt\n\n");
            }
            String answer = served.answer(post("/chat", HUGE));
            assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
        }
    }

    @Test
    void streamEndsForTheHandlerWhenTheResponseBegins() throws Exception {
        BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        var gate = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    InputStream in = request.stream();
                                    Thread.ofVirtual()
                                            .start(
                                                    () -> {
                                                        try {
                                                            gate.await();
                                                            seen.add(in.read());
                                                        } catch (Exception e) {
                                                            seen.add(e.getClass());
                                                        }
                                                    });
                                    return "early";
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.send(post("/", "Content-Length: 3\r\n\r\nabc"));
            assertEquals("early", client.readText());
            gate.countDown();
            assertEquals(IOException.class, seen.take());
        }
    }

    @Test
    void handlerThatWaitsForABodyDoesNotDelayTheCloseForLong() throws Exception {
        var reading = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    reading.countDown();
                                    return request.text();
                                });
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(200));
        try (Served served = served(app, options);
                RawClient client = served.client()) {
            client.send(post("/", "Content-Length: 9\r\n\r\nhalf"));
            reading.await();
            served.server.close();
            String answer = client.readAll();
            assertFalse(answer.startsWith("HTTP/1.1 2"), answer);
        }
    }
}
