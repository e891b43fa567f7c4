package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import microdot.AccessLog;
import microdot.AccessLogEntry;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Outcome;
import microdot.Request;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What hooks and the access log are told about the end of each response. */
@Timeout(60)
class OutcomeTest {
    private record Seen(Request request, Outcome outcome) {}

    private final BlockingQueue<Seen> hooked = new LinkedBlockingQueue<>();
    private final BlockingQueue<AccessLogEntry> logged = new LinkedBlockingQueue<>();
    private final Topics topics = new Topics();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();

    private final Microdot app =
            new Microdot()
                    .get("/hello", request -> "hello")
                    .get("/big", request -> "x".repeat(300_000))
                    .get("/topic", topics.stream("topic"))
                    .get(
                            "/events",
                            withSse(
                                    (request, sse) -> {
                                        sse.onClose(reasons::add);
                                        sse.send("a");
                                        sse.comment("not an event");
                                        sse.send("bc");
                                    }))
                    .get(
                            "/wait",
                            withSse(
                                    (request, sse) -> {
                                        sse.onClose(reason -> reasons.add(reason));
                                        sse.send("a");
                                        ended.await();
                                    }))
                    .get(
                            "/fail",
                            request -> {
                                throw new IllegalStateException("a fault of the test");
                            })
                    .get(
                            "/failing-stream",
                            withSse(
                                    (request, sse) -> {
                                        throw new IllegalStateException("a fault of the test");
                                    }))
                    .afterResponse((request, outcome) -> hooked.add(new Seen(request, outcome)));

    private Served served() {
        return new Served(
                app, new ServerOptions().accessLog(logged::add).maxHead(4096), IoMode.best());
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    private Outcome outcome(String path) throws InterruptedException {
        Seen seen = hooked.poll(30, TimeUnit.SECONDS);
        assertNotNull(seen, "no hook ran");
        assertEquals(path, seen.request().path());
        AccessLogEntry entry = logged.poll(30, TimeUnit.SECONDS);
        assertNotNull(entry, "nothing was logged");
        assertEquals(path, entry.path());
        assertEquals(seen.outcome(), entry.outcome());
        assertEquals("127.0.0.1", entry.client());
        return seen.outcome();
    }

    private static Throwable error(Outcome outcome) {
        return Objects.requireNonNull(outcome.error());
    }

    /** A client that closed its side would have left the stream. */
    private static void readStream(Served served, String path) throws IOException {
        try (RawClient client = served.client()) {
            client.send(get(path)).readAll();
        }
    }

    @Test
    void responseHasStatusAndBytes() throws Exception {
        try (Served served = served()) {
            served.answer(get("/hello?secret=1"));
            Outcome outcome = outcome("/hello");
            assertEquals(200, outcome.status());
            assertEquals(5, outcome.bytes());
            assertEquals(0, outcome.events());
            assertNull(outcome.closeReason());
            assertNull(outcome.error());
            assertTrue(outcome.duration().isPositive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD /hello", "GET /nowhere", "DELETE /hello", "OPTIONS /hello"})
    void responseWithoutHandlerIsObserved(String line) throws Exception {
        try (Served served = served()) {
            String answer = served.answer(line + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Outcome outcome = outcome(line.split(" ", 2)[1]);
            assertEquals(answer.substring(9, 12), Integer.toString(outcome.status()));
            assertEquals(answer.split("\r\n\r\n", 2)[1].length(), outcome.bytes());
        }
    }

    @Test
    void clientThatLeavesBeforeTheEndOfAResponseIsNamed() throws Exception {
        try (Served served = served()) {
            try (RawClient client = served.client(4096)) {
                client.send(get("/big").repeat(40));
                client.readTo("200 OK");
                client.reset();
            }
            Outcome last;
            do {
                last = hooked.take().outcome();
            } while (last.closeReason() == null);
            assertEquals(CloseReason.CLIENT_CLOSED, last.closeReason());
        }
    }

    @Test
    void streamHasEventsBytesAndReason() throws Exception {
        try (Served served = served()) {
            readStream(served, "/events");
            Outcome outcome = outcome("/events");
            assertEquals(200, outcome.status());
            assertEquals(2, outcome.events());
            assertEquals("data: a\n\n: not an event\n\ndata: bc\n\n".length(), outcome.bytes());
            assertEquals(CloseReason.HANDLER_RETURNED, outcome.closeReason());
            assertEquals(CloseReason.HANDLER_RETURNED, reasons.take());
        }
    }

    @Test
    void clientThatLeavesAStreamIsNamed() throws Exception {
        try (Served served = served()) {
            try (RawClient client = served.client()) {
                client.send(get("/wait"));
                client.readTo("data: a");
            }
            Outcome outcome = outcome("/wait");
            assertEquals(CloseReason.CLIENT_CLOSED, outcome.closeReason());
            assertEquals(1, outcome.events());
            assertEquals(CloseReason.CLIENT_CLOSED, reasons.take());
            assertEquals(1L, served.server.stats().ended().get(CloseReason.CLIENT_CLOSED));
        }
    }

    @Test
    void followerHasEventsAndBytes() throws Exception {
        try (Served served = served()) {
            try (RawClient client = served.client()) {
                client.send(get("/topic"));
                client.readTo("\r\n\r\n");
                topics.publish("topic", "one");
                topics.publish("topic", "two");
                client.readTo("data: two");
            }
            Outcome outcome = outcome("/topic");
            assertEquals(2, outcome.events());
            assertTrue(outcome.bytes() > "data: one\n\ndata: two\n\n".length(), outcome::toString);
            assertEquals(CloseReason.CLIENT_CLOSED, outcome.closeReason());
        }
    }

    @Test
    void failureIsGivenToTheHook() throws Exception {
        try (Served served = served().expectFailures(2)) {
            served.answer(get("/fail"));
            Outcome outcome = outcome("/fail");
            assertEquals(500, outcome.status());
            assertEquals("a fault of the test", error(outcome).getMessage());
            readStream(served, "/failing-stream");
            outcome = outcome("/failing-stream");
            assertEquals(CloseReason.HANDLER_FAILED, outcome.closeReason());
            assertEquals("a fault of the test", error(outcome).getMessage());
        }
    }

    @Test
    void closeOfTheServerIsNamedAndWaitsForTheHook() throws Exception {
        try (Served served = served();
                RawClient client = served.client()) {
            client.send(get("/wait"));
            client.readTo("data: a");
            served.server.close();
            Seen seen = hooked.poll();
            assertNotNull(seen, "the server closed before the hook had run");
            assertEquals(CloseReason.SERVER_CLOSING, seen.outcome().closeReason());
            assertNotNull(logged.poll(), "the server closed before the entry was written");
        }
    }

    @Test
    void failureOfAHookIsLoggedAndTheOthersRun() throws Exception {
        app.afterResponse(
                (request, outcome) -> {
                    throw new IllegalStateException("a fault of the hook");
                });
        var last = new LinkedBlockingQueue<Integer>();
        app.afterResponse((request, outcome) -> last.add(outcome.status()));
        try (Served served = served().expectFailures(1)) {
            served.answer(get("/hello"));
            assertEquals(200, last.poll(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void refusedHeadReachesErrorHandlersAndHooks() throws Exception {
        app.errorHandler(431, request -> "too much for " + request.path());
        app.errorHandler(400, (request, error) -> "bad: " + error.getMessage());
        app.beforeRequest(
                request -> {
                    throw new AssertionError("a before hook ran");
                });
        app.afterRequest((request, response) -> response.header("X-After", "1"));
        try (Served served = served()) {
            String large = "X: " + "x".repeat(8000);
            String answer =
                    served.answer("GET /hello HTTP/1.1\r\nHost: h\r\n" + large + "\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
            assertTrue(answer.endsWith("too much for /hello"), answer);
            assertTrue(answer.contains("X-After: 1"), answer);
            assertEquals(431, outcome("/hello").status());
            answer = served.answer("GET /hello HTTP/1.1\r\n\r\n" + get("/hello"));
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
            assertTrue(answer.endsWith("bad: Host: 0 fields (expected: one)"), answer);
            assertEquals(400, outcome("/hello").status());
            answer = served.answer("GET /hello HTTP/1.1\r\nHost: h\r\nbad name: 1\r\n\r\n");
            assertTrue(answer.contains("bad: malformed request"), answer);
        }
    }

    @Test
    void inputWithoutRequestLineIsLogged() throws Exception {
        try (Served served = served()) {
            served.answer("nonsense\r\n\r\n");
            AccessLogEntry entry = logged.take();
            assertEquals(List.of("-", "-"), List.of(entry.method(), entry.path()));
            assertEquals(400, entry.outcome().status());
        }
    }

    @Test
    void rejectionOfALimitIsObservedAndCounted() throws Exception {
        try (Served served =
                        new Served(
                                app,
                                new ServerOptions().accessLog(logged::add).maxStreams(1),
                                IoMode.best());
                RawClient first = served.client()) {
            first.send(get("/wait"));
            first.readTo("data: a");
            served.answer(get("/wait"));
            assertEquals(503, outcome("/wait").status());
            assertEquals(1, served.server.stats().rejected());
        }
    }

    @Test
    void lateHttpExceptionIsTheErrorOfItsStream() throws Exception {
        app.get(
                "/late",
                withSse(
                        (request, sse) -> {
                            throw new HttpException(404);
                        }));
        try (Served served = served().expectFailures(1)) {
            readStream(served, "/late");
            Outcome outcome = outcome("/late");
            assertEquals(CloseReason.HANDLER_FAILED, outcome.closeReason());
            assertEquals(HttpException.class, error(outcome).getClass());
        }
    }

    @Test
    void slowAccessLogDelaysNoClientAndLosesNothing() throws Exception {
        var release = new CountDownLatch(1);
        AccessLog slow =
                entry -> {
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    logged.add(entry);
                };
        try (Served served = new Served(app, new ServerOptions().accessLog(slow), IoMode.best())) {
            for (int i = 0; i < 100; i++) {
                assertTrue(served.answer(get("/hello")).endsWith("hello"));
            }
            assertTrue(logged.isEmpty());
            release.countDown();
            for (int i = 0; i < 100; i++) {
                assertNotNull(logged.poll(30, TimeUnit.SECONDS), "entry " + i);
            }
        }
    }

    @Test
    void blockedAccessLogIsBoundedAndDoesNotHoldTheClose() throws Exception {
        var never = new CountDownLatch(1);
        AccessLog blocked =
                entry -> {
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                };
        var options = new ServerOptions().accessLog(blocked).closeTimeout(Duration.ofMillis(300));
        try (Served served = new Served(app, options, IoMode.best());
                RawClient client = served.client()) {
            for (int sent = 0; sent < 9000; sent += 50) {
                client.send(get("/hello").repeat(50));
                for (int i = 0; i < 50; i++) {
                    client.readBody();
                }
            }
            served.expectFailures(1);
            client.close();
            served.server.close();
            never.countDown();
            long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            String text = "entries of the access log were dropped";
            while (served.logged.complaints(text).isEmpty() && System.nanoTime() < patience) {
                Thread.onSpinWait();
            }
            assertEquals(1, served.logged.complaints(text).size());
        }
    }
}
