package microdot.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What a handler can rely on, through a stream without a socket. */
@Timeout(30)
class SseTest {
    private record Point(int x, int y) {}

    private static TestClient client(SseHandler handler) {
        return new TestClient(new Microdot().get("/events", Sse.withSse(handler)));
    }

    // ---- The response ----

    @Test
    void headDisablesBufferingByProxies() {
        try (var client = client((request, sse) -> {})) {
            TestStream stream = client.stream("/events");
            assertEquals("text/event-stream", stream.header("Content-Type"));
            assertEquals("no-cache, no-transform", stream.header("Cache-Control"));
            assertEquals("no", stream.header("X-Accel-Buffering"));
        }
    }

    @Test
    void statusAndHeadersCanBeChanged() {
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
    void rejectedClientIsSentARetry() {
        var app = new Microdot();
        app.get("/events", request -> Sse.rejectWithRetry(request, Duration.ofSeconds(4)));
        app.get("/over", request -> Sse.stopReconnecting());
        var client = new TestClient(app);
        TestResponse plain = client.get("/events");
        assertEquals(503, plain.status());
        assertEquals("4", plain.header("Retry-After"));
        TestResponse source = client.header("Accept", "text/event-stream").get("/events");
        assertEquals("text/event-stream", source.header("Content-Type"));
        assertTrue(source.text().matches("retry: \\d{3,4}\n\n"), source.text());
        assertEquals(204, client.get("/over").status());
    }

    @Test
    void invalidRetryIsRejected() {
        var app = new Microdot();
        Duration wrong = Duration.ofMillis(-1);
        app.get("/later", request -> rejection(() -> Sse.rejectWithRetry(request, wrong)));
        app.get("/after", request -> rejection(() -> Sse.rejectWithRetryAfter(request, wrong)));
        var client = new TestClient(app);
        String message =
                "retry: PT-0.001S (expected: 0, or whole milliseconds from 1 to 2147483647)";
        assertEquals(message, client.get("/later").text());
        assertEquals(message, client.get("/after").text());
    }

    private static String rejection(Executable call) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
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
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void eventAsDataIsRejected() {
        SseHandler handler =
                (request, sse) -> {
                    Object event = Event.of("inside").event("named");
                    sse.send(event);
                    assertThrows(IllegalArgumentException.class, () -> sse.send(event, "again"));
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals(Event.of("inside").event("named"), stream.next());
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void valueThatCannotBeWrittenIsRejectedAndTheStreamStaysOpen() {
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
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void commentsAndRetryAreSent() {
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
    void eventsOfSeveralThreadsDoNotMix() {
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
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    // ---- The last event id ----

    private static String lastEventId(TestRequest request) {
        try (TestStream stream = request.stream()) {
            return (String) stream.next().data();
        }
    }

    @Test
    void lastEventIdIsUtf8AndAnEmptyIdIsNull() {
        try (var client = client((request, sse) -> sse.send(String.valueOf(sse.lastEventId())))) {
            assertEquals("null", lastEventId(client.request("GET", "/events")));
            assertEquals("null", lastEventId(client.request("GET", "/events").lastEventId("")));
            assertEquals("42", lastEventId(client.request("GET", "/events").lastEventId("42")));
            assertEquals("ä☃🐈", lastEventId(client.request("GET", "/events").lastEventId("ä☃🐈")));
        }
    }
}
