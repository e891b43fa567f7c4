package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What waits in the server is bounded by what it takes in memory. */
@Timeout(60)
class MemoryTest {
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: x\r\n";
    private static final ServerOptions SMALL = new ServerOptions().maxMemory(1 << 20);

    private final Topics topics = new Topics();

    private Microdot app() {
        return new Microdot()
                .get("/", request -> "home")
                .get("/topic", topics.stream("topic"))
                .post("/length", request -> "" + request.body().length)
                .post("/parts", request -> "" + request.parts().size());
    }

    private Served small() {
        return new Served(app(), SMALL, IoMode.best());
    }

    /** Sends; a server that has closed the connection meanwhile is no failure. */
    private static void sendTo(RawClient client, String text) {
        try {
            client.send(text);
        } catch (IOException refusedAndClosed) {
            // The response says why.
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/held", "/stream"})
    void headCountsUntilItsHandlerHasReturned(String path) throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        Microdot app =
                app().get(
                                "/held",
                                request -> {
                                    entered.countDown();
                                    release.await();
                                    return "held";
                                })
                        .get(
                                "/stream",
                                withSse(
                                        (request, sse) -> {
                                            sse.comment("begun");
                                            entered.countDown();
                                            awaitUninterruptibly(release);
                                        }));
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\na: " + "b".repeat(12_000));
            client.send("\r\n\r\n");
            entered.await();
            if (path.equals("/stream")) {
                client.readTo("begun");
            }
            client.reset();
            while (served.server.stats().connections() > 0) {
                Thread.onSpinWait();
            }
            awaitMemory(served, 12_000);
            release.countDown();
            awaitMemory(served, 0);
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // As a handler does that holds its request for longer than its stream.
            }
        }
    }

    /** Waits until the server counts at least this much, or nothing if that is 0. */
    private static void awaitMemory(Served served, long least) {
        long patience = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < patience) {
            long now = served.server.stats().memory();
            if (least == 0 ? now == 0 : now >= least) {
                return;
            }
            Thread.onSpinWait();
        }
        assertEquals(least, served.server.stats().memory());
    }

    @Test
    void hundredFieldsAreReadAndOneMoreIsRefused() throws Exception {
        try (Served served = Served.of(app())) {
            String most = HEAD + "a:b\r\n".repeat(99);
            assertTrue(served.answer(most + "\r\n").startsWith("HTTP/1.1 200 "));
            String answer = served.answer(most + "a:b\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
            assertTrue(answer.endsWith("more than 100 header fields (maxFields)"), answer);
        }
    }

    @Test
    void fieldCountsWithItsLineEndAnd32Bytes() throws Exception {
        var options = new ServerOptions().maxHead(1000).maxFields(1000);
        try (Served served = new Served(app(), options, IoMode.best())) {
            // 9 and 32 bytes for Host; each other field takes 5 and 32 bytes.
            String fits = HEAD + "a:b\r\n".repeat((1000 - 41) / 37);
            assertTrue(served.answer(fits + "\r\n").startsWith("HTTP/1.1 200 "));
            String answer = served.answer(fits + "a:b\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
            assertTrue(answer.contains("(maxHead)"), answer);
        }
    }

    /** The case http/half_sent: the head need not be whole to be refused. */
    @Test
    void halfSentHeadOfManyFieldsIsRefused() throws Exception {
        try (Served served = Served.of(app());
                RawClient client = served.client()) {
            sendTo(client, HEAD + "a:b\r\n".repeat(5000));
            assertTrue(client.readTo("\r\n").startsWith("HTTP/1.1 431 "));
        }
    }

    @Test
    void halfSentHeadsBeyondTheMemoryAreRejectedAndOthersServed() throws Exception {
        var clients = new ArrayList<RawClient>();
        try (Served served = small().expectFailures(1)) {
            String half = HEAD + ("b: " + "x".repeat(100) + "\r\n").repeat(90);
            for (int i = 0; i < 100; i++) {
                var client = served.client();
                clients.add(client);
                sendTo(client, half);
                if (i % 10 == 0) {
                    assertTrue(served.answer(HEAD + "\r\n").startsWith("HTTP/1.1 200 "));
                }
            }
            String answer = clients.getLast().readHead();
            assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
            assertTrue(answer.contains("\r\nRetry-After: "), answer);
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static String post(String path, String fields, int length) {
        return "POST "
                + path
                + " HTTP/1.1\r\nHost: x\r\n"
                + fields
                + "Content-Length: "
                + length
                + "\r\n\r\n";
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void bodyBeyondTheMemoryIsRejectedAsItsClientUnderstands(IoMode io) throws Exception {
        int length = 2 << 20;
        String body = "x".repeat(length);
        try (Served served = new Served(app(), SMALL.maxBody(4 << 20), io).expectFailures(1)) {
            try (RawClient client = served.client()) {
                sendTo(client, post("/length", "", length) + body);
                String head = client.readHead();
                assertTrue(head.startsWith("HTTP/1.1 503 "), head);
                assertTrue(head.contains("\r\nRetry-After: "), head);
            }
            try (RawClient client = served.client()) {
                sendTo(client, post("/length", "Accept: text/event-stream\r\n", length) + body);
                String head = client.readHead();
                assertTrue(head.startsWith("HTTP/1.1 200 "), head);
                client.readTo("retry: ");
                client.readTo("\n\n");
            }
            String answer = served.answer(post("/length", "", 3) + "abc");
            assertTrue(answer.endsWith("\r\n\r\n3"), answer);
        }
    }

    @Test
    void partsOfAFormInMemoryCount() throws Exception {
        // Their content is in files, but not their names.
        String part =
                "--b\r\nContent-Disposition: form-data; name="
                        + "x".repeat(7_000)
                        + "\r\n\r\nx\r\n";
        String body = part.repeat(120) + "--b--";
        String type = "Content-Type: multipart/form-data; boundary=b\r\n";
        try (Served served =
                        new Served(app(), SMALL.maxBody(4 << 20), IoMode.best()).expectFailures(1);
                RawClient client = served.client()) {
            sendTo(client, post("/parts", type, body.length()) + body);
            String head = client.readHead();
            assertTrue(head.startsWith("HTTP/1.1 503 "), head);
        }
    }

    @Test
    void largeHeadsOfRequestsThatAreHandledCount() throws Exception {
        var release = new CountDownLatch(1);
        var app =
                app().get(
                                "/wait",
                                request -> {
                                    release.await();
                                    return "waited";
                                });
        String head =
                "GET /wait HTTP/1.1\r\nHost: x\r\n"
                        + ("b: " + "x".repeat(100) + "\r\n").repeat(90)
                        + "\r\n";
        var clients = new ArrayList<RawClient>();
        try (Served served = new Served(app, SMALL, IoMode.best()).expectFailures(1)) {
            for (int i = 0; i < 60; i++) {
                var client = served.client();
                clients.add(client);
                int before = served.server.stats().handlers();
                sendTo(client, head);
                // One after another: two event loops would decide about them in any order.
                while (served.server.stats().handlers() == before && !client.hasInput()) {
                    Thread.onSpinWait();
                }
            }
            String answer = clients.getLast().readHead();
            assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
            assertTrue(served.answer(HEAD + "\r\n").startsWith("HTTP/1.1 200 "));
            release.countDown();
            assertEquals("waited", clients.getFirst().readText());
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    /** The case http/pipelined. */
    @Test
    void pipelinedRequestsBehindAResponseAreBounded(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("large"); // Sent by the kernel: it takes no memory here.
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(64 << 20);
        }
        var app = app().get("/file", request -> new Response(new Body.File(file, 0, 64 << 20)));
        var clients = new ArrayList<RawClient>();
        String one = HEAD + ("b: " + "x".repeat(100) + "\r\n").repeat(90) + "\r\n";
        try (Served served = new Served(app, SMALL, IoMode.best()).expectFailures(1)) {
            for (int i = 0; i < 30; i++) {
                var client = served.client(4096);
                clients.add(client);
                client.get("/file").readHead();
                Thread sender = Thread.ofVirtual().start(() -> sendTo(client, one.repeat(64)));
                sender.join(200);
                assertTrue(served.answer(HEAD + "\r\n").startsWith("HTTP/1.1 200 "));
            }
            assertTrue(served.server.stats().connections() < 30, "some were disconnected");
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void pipelinedRequestsThatWaitedAreAllAnswered() throws Exception {
        var release = new CountDownLatch(1);
        var app =
                app().get(
                                "/wait",
                                request -> {
                                    release.await();
                                    return "waited";
                                });
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            client.get("/wait");
            client.send((HEAD + "\r\n").repeat(500));
            release.countDown();
            assertEquals("waited", client.readText());
            for (int i = 0; i < 500; i++) {
                assertEquals("home", client.readText());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void stalledFollowersAreDisconnectedAndTheHealthyNoticesNothing(IoMode io) throws Exception {
        var options = new ServerOptions().maxMemory(8 << 20);
        int size = 2 << 20;
        List<RawClient> stalled = new ArrayList<>();
        try (Served served = new Served(app(), options, io).expectFailures(1);
                RawClient healthy = served.client()) {
            healthy.get("/topic").readHead();
            // Each new follower stalls on an event of its own, which none of the others shares.
            for (int i = 0; i < 20; i++) {
                var client = served.client(4096);
                client.get("/topic").readHead();
                stalled.add(client);
                topics.publish("topic", Event.of("x".repeat(size)).event("e" + i));
                String event = healthy.readTo("\n\n");
                assertTrue(event.contains("event: e" + i + "\n"), () -> event.substring(0, 200));
            }
            assertTrue(served.server.stats().streams() < 21, "some were disconnected");
            assertFalse(served.server.stats().streams() < 2, "the healthy one is there");
            for (RawClient client : stalled) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void frameThatManyStalledFollowersShareCountsOnce(IoMode io) throws Exception {
        // More loops than one hold the frame, each its own.
        int loops = Runtime.getRuntime().availableProcessors();
        int size = 4 << 20;
        var options = new ServerOptions().maxMemory((long) (loops + 1) * (size + 1000));
        List<RawClient> stalled = new ArrayList<>();
        try (Served served = new Served(app(), options, io);
                RawClient healthy = served.client()) {
            healthy.get("/topic").readHead();
            for (int i = 0; i < 20; i++) {
                var client = served.client(4096);
                client.get("/topic").readHead();
                stalled.add(client);
            }
            topics.publish("topic", Event.of("x".repeat(size)));
            healthy.readTo("\n\n");
            topics.publish("topic", "next");
            healthy.readTo("data: next\n\n");
            assertEquals(21, served.server.stats().streams());
            for (RawClient client : stalled) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void responseThatIsLargerThanTheMemoryIsSent(IoMode io) throws Exception {
        byte[] large = new byte[12 << 20]; // More than the kernels buffer.
        var app = app().get("/large", request -> Response.bytes(large, "a/b"));
        try (Served served = new Served(app, SMALL, io);
                RawClient client = served.client(4096)) {
            assertEquals(large.length, client.get("/large").readBody().length);
            assertEquals("home", client.get("/").readText());
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void eventThatIsLargerThanTheMemoryIsSent(IoMode io) throws Exception {
        String large = "x".repeat(12 << 20);
        var app = app().get("/handler", withSse((request, sse) -> sse.send(large, "large")));
        try (Served served = new Served(app, SMALL, io);
                RawClient follower = served.client();
                RawClient client = served.client()) {
            follower.get("/topic").readHead();
            topics.publish("topic", Event.of(large).event("large"));
            assertTrue(follower.readTo("\n\n").length() > large.length());
            client.get("/handler").readHead();
            assertTrue(client.readTo("\n\n").length() > large.length());
            client.readAll();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void bodyThatManyStalledClientsShareCountsOnce(IoMode io) throws Exception {
        // More loops than one hold the body, each its own; one more is handed over.
        int loops = Runtime.getRuntime().availableProcessors();
        byte[] shared = new byte[12 << 20];
        var app = app().get("/shared", request -> Response.bytes(shared, "a/b"));
        var options = new ServerOptions().maxMemory((long) (loops + 2) * shared.length);
        List<RawClient> stalled = new ArrayList<>();
        try (Served served = new Served(app, options, io)) {
            for (int i = 0; i < 10; i++) {
                var client = served.client(4096);
                stalled.add(client);
                client.get("/shared").readHead();
            }
            for (RawClient client : stalled) {
                assertEquals(shared.length, client.skipBody(shared.length));
                client.close();
            }
        }
    }
}
