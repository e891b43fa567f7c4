package microdot.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a handler is promised, through a stream without a socket. */
@Timeout(30)
class SseTest {
    private record Point(int x, int y) {}

    private final Semaphore never = new Semaphore(0);
    private final CompletableFuture<Sse> opened = new CompletableFuture<>();
    private final Logged log = new Logged("microdot.sse");

    private final SseHandler waiting =
            (request, sse) -> {
                opened.complete(sse);
                never.acquire();
            };

    private static TestClient client(SseHandler handler) {
        return new TestClient(new Microdot().get("/events", Sse.withSse(handler)));
    }

    @AfterEach
    void unlog() {
        log.close();
    }

    // ---- The response ----

    @Test
    void itsHeadKeepsProxiesFromHoldingItBack() {
        try (var client = client((request, sse) -> {})) {
            TestStream stream = client.stream("/events");
            assertEquals("text/event-stream", stream.header("Content-Type"));
            assertEquals("no-cache, no-transform", stream.header("Cache-Control"));
            assertEquals("no", stream.header("X-Accel-Buffering"));
        }
    }

    @Test
    void statusAndHeadersAreOpenToChange() {
        var app =
                new Microdot()
                        .get(
                                "/events",
                                request ->
                                        Sse.sseResponse(request, (req, sse) -> sse.send("x"))
                                                .status(203)
                                                .header("X-Stream", "greeting"));
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/events");
            assertEquals(203, stream.status());
            assertEquals("greeting", stream.header("X-Stream"));
            assertEquals("x", stream.next().data());
        }
    }

    @Test
    void headDoesNotStartTheHandler() {
        var started = new AtomicInteger();
        try (var client = client((request, sse) -> started.incrementAndGet())) {
            TestResponse head = client.head("/events");
            assertEquals("text/event-stream", head.header("Content-Type"));
            assertEquals(0, started.get());
        }
    }

    @Test
    void whoCannotHaveItsStreamIsToldToComeLater() {
        var app = new Microdot();
        app.get("/events", request -> Sse.comeLater(request, Duration.ofSeconds(4)));
        app.get("/over", request -> Sse.stopForGood());
        var client = new TestClient(app);
        TestResponse plain = client.get("/events");
        assertEquals(503, plain.status());
        assertEquals("4", plain.header("Retry-After"));
        TestResponse source = client.header("Accept", "text/event-stream").get("/events");
        assertEquals("text/event-stream", source.header("Content-Type"));
        assertTrue(source.text().matches("retry: \\d{3,4}\n\n"), source.text());
        assertEquals(204, client.get("/over").status());
    }

    // ---- Sending ----

    @Test
    void dataIsConverted() {
        SseHandler handler =
                (request, sse) -> {
                    sse.send("text\nof two lines");
                    sse.send("bytes".getBytes(UTF_8));
                    sse.send(Map.of("a", 1), "map");
                    sse.send(List.of(1, 2), "list", "7");
                    sse.send(new Point(1, 2));
                    sse.send(new int[] {1});
                    sse.send(4.5);
                    sse.send("");
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals(Event.of("text\nof two lines"), stream.next());
            assertEquals(Event.of("bytes"), stream.next());
            assertEquals(Event.of("{\"a\":1}").event("map"), stream.next());
            assertEquals(Event.of("[1,2]").event("list").id("7"), stream.next());
            assertEquals("{\"x\":1,\"y\":2}", stream.next().data());
            assertEquals("[1]", stream.next().data());
            assertEquals("4.5", stream.next().data());
            assertEquals("", stream.next().data());
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void anEventIsNotTheDataOfAnother() {
        SseHandler handler =
                (request, sse) -> {
                    Object event = Event.of("inside").event("named");
                    sse.send(event);
                    assertThrows(IllegalArgumentException.class, () -> sse.send(event, "again"));
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals(Event.of("inside").event("named"), stream.next());
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void whatCannotBeWrittenIsRefusedAndTheStreamGoesOn() {
        SseHandler handler =
                (request, sse) -> {
                    assertThrows(IllegalArgumentException.class, () -> sse.send("x", "a\nb"));
                    assertThrows(IllegalArgumentException.class, () -> sse.send("x", "e", "\0"));
                    var circle = new ArrayList<Object>();
                    circle.add(circle);
                    assertThrows(IllegalArgumentException.class, () -> sse.send(circle));
                    sse.send("after");
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals("after", stream.next().data());
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void commentsAndTimesToReconnectGoOutToo() {
        SseHandler handler =
                (request, sse) -> {
                    sse.comment("one\ntwo");
                    sse.send(Event.of("x").retry(Duration.ofSeconds(3)));
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            stream.next();
            assertEquals(List.of("one", "two"), stream.comments());
            assertEquals(Duration.ofSeconds(3), stream.retry());
        }
    }

    @Test
    void severalThreadsSendWholeEvents() {
        int threads = 8;
        int each = 200;
        SseHandler handler =
                (request, sse) -> {
                    var senders = new ArrayList<Thread>();
                    for (int t = 0; t < threads; t++) {
                        String line = String.valueOf(t).repeat(50);
                        Runnable sender =
                                () -> {
                                    for (int i = 0; i < each; i++) {
                                        sse.send(line + "\n" + line);
                                    }
                                };
                        senders.add(Thread.ofVirtual().start(sender));
                    }
                    for (Thread sender : senders) {
                        sender.join();
                    }
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            var counts = new int[threads];
            for (int i = 0; i < threads * each; i++) {
                String data = (String) stream.next().data();
                int sender = data.charAt(0) - '0';
                String line = String.valueOf(sender).repeat(50);
                assertEquals(line + "\n" + line, data);
                counts[sender]++;
            }
            for (int count : counts) {
                assertEquals(each, count);
            }
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
    }

    // ---- Where the client stands ----

    private static String told(TestRequest request) {
        try (TestStream stream = request.stream()) {
            return (String) stream.next().data();
        }
    }

    @Test
    void theLastEventIdIsReadAsUtf8AndTheEmptyOneIsNone() {
        try (var client = client((request, sse) -> sse.send(String.valueOf(sse.lastEventId())))) {
            assertEquals("null", told(client.request("GET", "/events")));
            assertEquals("null", told(client.request("GET", "/events").lastEventId("")));
            assertEquals("42", told(client.request("GET", "/events").lastEventId("42")));
            assertEquals("ä☃🐈", told(client.request("GET", "/events").lastEventId("ä☃🐈")));
        }
    }

    // ---- The end ----

    @Test
    void aLeavingClientInterruptsTheHandlerAndNobodyHearsOfIt() {
        var seen = new CompletableFuture<Throwable>();
        SseHandler handler =
                (request, sse) -> {
                    sse.send("begun");
                    try {
                        never.acquire();
                    } catch (InterruptedException e) {
                        assertFalse(sse.isOpen());
                        seen.complete(e);
                        throw e;
                    }
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            stream.next();
            stream.close();
        }
        assertInstanceOf(InterruptedException.class, seen.join());
        assertEquals(List.of(), log.messages());
    }

    @Test
    void whateverAHandlerThrowsAfterItsEndIsSwallowed() {
        SseHandler handler =
                (request, sse) -> {
                    sse.send("begun");
                    try {
                        never.acquire();
                    } finally {
                        if (request.query("send") == null) {
                            throwAsATest();
                        }
                        sse.send("nobody reads this");
                    }
                };
        try (var client = client(handler)) {
            for (String target : List.of("/events", "/events?send")) {
                TestStream stream = client.stream(target);
                stream.next();
                stream.close();
            }
        }
        assertEquals(List.of(), log.messages());
    }

    private static void throwAsATest() {
        throw new IllegalStateException("as the test wants it");
    }

    @Test
    void aFailureIsLoggedOnceAndCutsTheStream() {
        SseHandler handler =
                (request, sse) -> {
                    sse.send("begun");
                    throw new IllegalStateException("as the test wants it");
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals("begun", stream.next().data());
            assertEquals(TestStream.End.ABORTED, stream.awaitEnd());
        }
        assertEquals(List.of("the event stream GET /events failed"), log.messages());
        assertEquals("as the test wants it", log.thrown().getFirst().getMessage());
    }

    @Test
    void anInterruptOfTheHandlersOwnIsAFailure() {
        SseHandler handler =
                (request, sse) -> {
                    Thread.currentThread().interrupt();
                    never.acquire();
                };
        try (var client = client(handler)) {
            assertEquals(TestStream.End.ABORTED, client.stream("/events").awaitEnd());
        }
        assertInstanceOf(InterruptedException.class, log.thrown().getFirst());
    }

    @Test
    void sendAfterTheEndThrows() {
        try (var client = client(waiting)) {
            TestStream stream = client.stream("/events");
            Sse sse = opened.join();
            stream.close();
            assertFalse(sse.isOpen());
            assertThrows(StreamClosedException.class, () -> sse.send("late"));
            assertThrows(StreamClosedException.class, () -> sse.comment("late"));
            sse.close();
        }
    }

    @Test
    void aBlockedSendThrowsWhenTheClientGoes() {
        var thrown = new CompletableFuture<RuntimeException>();
        SseHandler handler =
                (request, sse) -> {
                    opened.complete(sse);
                    never.acquire();
                };
        try (var client = client(handler)) {
            TestStream stream = client.request("GET", "/events").pausedStream();
            Thread.ofVirtual().start(() -> sendUntilItThrows(opened.join(), thrown));
            stream.awaitBlocked();
            stream.close();
        }
        assertInstanceOf(StreamClosedException.class, thrown.join());
    }

    private static void sendUntilItThrows(Sse sse, CompletableFuture<RuntimeException> thrown) {
        String kilobyte = "x".repeat(1024);
        try {
            while (true) {
                sse.send(kilobyte);
            }
        } catch (RuntimeException e) {
            thrown.complete(e);
        }
    }

    @Test
    void anInterruptWhileTheStreamIsOpenIsNoEnd() {
        var thrown = new CompletableFuture<RuntimeException>();
        try (var client = client(waiting)) {
            TestStream stream = client.request("GET", "/events").pausedStream();
            var sender = Thread.ofVirtual().start(() -> sendUntilItThrows(opened.join(), thrown));
            stream.awaitBlocked();
            sender.interrupt();
            assertInstanceOf(CancellationException.class, thrown.join());
            assertTrue(stream.isOpen());
            stream.close();
        }
    }

    // ---- close() ----

    @Test
    void aHandlerThatClosesItsStreamIsNotInterrupted() {
        var interrupted = new CompletableFuture<Boolean>();
        SseHandler handler =
                (request, sse) -> {
                    sse.send("last");
                    sse.close();
                    sse.close();
                    interrupted.complete(Thread.currentThread().isInterrupted());
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals("last", stream.next().data());
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
        assertFalse(interrupted.join());
    }

    @Test
    void aStreamClosedFromOutsideInterruptsItsHandler() {
        try (var client = client(waiting)) {
            TestStream stream = client.stream("/events");
            opened.join().close();
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
        }
        assertEquals(List.of(), log.messages());
    }

    /** An application whose stream is between two actions on its thread. */
    private static TestClient around(
            SseHandler handler, Body.StreamWriter before, Body.StreamWriter after) {
        return new TestClient(
                new Microdot()
                        .get(
                                "/events",
                                request -> {
                                    Response response = Sse.sseResponse(request, handler);
                                    var body = (Body.Stream) response.body();
                                    return response.body(
                                            new Body.Stream(
                                                    sink -> {
                                                        before.writeTo(sink);
                                                        body.writer().writeTo(sink);
                                                        after.writeTo(sink);
                                                    }));
                                }));
    }

    @Test
    void theInterruptEndsWithTheHandler() {
        var release = new Semaphore(0);
        var interrupted = new CompletableFuture<Boolean>();
        SseHandler handler =
                (request, sse) -> {
                    opened.complete(sse);
                    release.acquireUninterruptibly();
                    assertTrue(Thread.currentThread().isInterrupted());
                };
        try (var client =
                around(handler, sink -> {}, sink -> interrupted.complete(Thread.interrupted()))) {
            TestStream stream = client.stream("/events");
            opened.join().close();
            release.release();
            stream.awaitEnd();
        }
        assertFalse(interrupted.join());
        assertEquals(List.of(), log.messages());
    }

    @Test
    void aHandlerWhoseStreamHasEndedDoesNotStart() {
        var started = new AtomicInteger();
        SseHandler handler = (request, sse) -> started.incrementAndGet();
        try (var client = around(handler, sink -> sink.end(), sink -> {})) {
            assertEquals(TestStream.End.RETURNED, client.stream("/events").awaitEnd());
        }
        assertEquals(0, started.get());
    }

    // ---- onClose ----

    private static void countsOne(AtomicInteger count, TestStream stream) {
        stream.awaitEnd();
        stream.close();
        assertEquals(1, count.get());
    }

    @Test
    void onCloseRunsOnceHoweverItEnds() {
        var count = new AtomicInteger();
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(count::incrementAndGet);
                    switch (String.valueOf(request.query("end"))) {
                        case "return" -> {}
                        case "fail" -> throw new IllegalStateException("as the test wants it");
                        case "close" -> sse.close();
                        default -> {
                            sse.send("ready");
                            never.acquire();
                        }
                    }
                };
        try (var client = client(handler)) {
            for (String end : List.of("return", "fail", "close")) {
                count.set(0);
                countsOne(count, client.stream("/events?end=" + end));
            }
            count.set(0);
            TestStream left = client.stream("/events");
            left.next();
            left.close();
            countsOne(count, left);
            count.set(0);
            TestStream dismissed = client.stream("/events");
            dismissed.next();
            dismissed.dismiss(Duration.ofSeconds(1));
            countsOne(count, dismissed);
        }
    }

    @Test
    void onCloseRunsAtOnceWhenItComesLate() {
        var virtual = new CompletableFuture<Boolean>();
        try (var client = client(waiting)) {
            TestStream stream = client.stream("/events");
            Sse sse = opened.join();
            stream.close();
            sse.onClose(() -> virtual.complete(Thread.currentThread().isVirtual()));
            assertTrue(virtual.join());
        }
    }

    @Test
    void anOnCloseThatFailsIsLoggedAndHoldsUpNoOther() {
        var ran = new AtomicInteger();
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(
                            () -> {
                                throw new IllegalStateException("as the test wants it");
                            });
                    sse.onClose(ran::incrementAndGet);
                };
        try (var client = client(handler)) {
            assertEquals(TestStream.End.RETURNED, client.stream("/events").awaitEnd());
        }
        assertEquals(1, ran.get());
        assertEquals(List.of("an onClose of the event stream GET /events failed"), log.messages());
    }
}
