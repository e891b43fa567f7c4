package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.HttpException;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TestClientTest {
    private final CountDownLatch interrupted = new CountDownLatch(1);

    private static Microdot app(SseHandler handler) {
        return new Microdot().get("/events", Sse.withSse(handler));
    }

    private final SseHandler sleeper =
            (request, sse) -> {
                sse.send("one", "first", "1");
                try {
                    Thread.sleep(Duration.ofDays(1));
                } finally {
                    interrupted.countDown();
                }
            };

    @Test
    void plainRequests() {
        var app =
                new Microdot()
                        .get(
                                "/hello",
                                request -> "hi " + request.query("name") + request.header("X-A"))
                        .post("/echo", request -> request.json(Map.class))
                        .delete("/gone", request -> null);
        try (var client = new TestClient(app)) {
            assertEquals("hi Zoënull", client.get("/hello?name=Zo%C3%AB").text());
            assertEquals("hi nullb", client.header("X-A", "b").get("/hello").text());
            assertEquals(Map.of("a", 1), client.post("/echo", Map.of("a", 1)).json(Map.class));
            assertEquals(400, client.post("/echo", "{").status());
            assertEquals(204, client.delete("/gone").status());
            assertEquals("", client.head("/hello").text());
            assertEquals("GET, HEAD, OPTIONS", client.options("/hello").header("Allow"));
        }
    }

    @Test
    void aStreamSendsItsHeadAndItsEvents() {
        try (var client = new TestClient(app(sleeper))) {
            TestStream stream = client.stream("/events");
            assertEquals(200, stream.status());
            assertEquals("text/event-stream", stream.header("Content-Type"));
            assertEquals(Event.of("one").event("first").id("1"), stream.next());
            assertEquals("1", stream.lastEventId());
            stream.close();
        }
    }

    @Test
    void aClientThatLeavesInterruptsTheHandler() throws Exception {
        var closed = new AtomicInteger();
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(closed::incrementAndGet);
                    sleeper.handle(request, sse);
                };
        try (var client = new TestClient(app(handler))) {
            TestStream stream = client.stream("/events");
            stream.await("first");
            stream.close();
            interrupted.await();
            assertEquals(TestStream.End.CLOSED, stream.awaitEnd());
            stream.close();
            client.assertNothingLeft();
        }
        assertEquals(1, closed.get());
    }

    @Test
    void aHandlerThatReturnsEndsProperlyAndOneThatFailsDoesNot() {
        try (var client = new TestClient(app((request, sse) -> sse.send("all")))) {
            TestStream stream = client.stream("/events");
            assertEquals("all", stream.next().data());
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
            AssertionError nothing = assertThrows(AssertionError.class, stream::next);
            assertTrue(
                    String.valueOf(nothing.getMessage()).contains("RETURNED"),
                    nothing.getMessage());
        }
        SseHandler failing =
                (request, sse) -> {
                    throw new IllegalArgumentException("as the test wants it");
                };
        try (var client = new TestClient(app(failing))) {
            assertEquals(TestStream.End.ABORTED, client.stream("/events").awaitEnd());
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsTheHandler() throws Exception {
        String kilobyte = "x".repeat(1024);
        var paused = new CountDownLatch(1);
        var full = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        SseHandler sender =
                (request, sse) -> {
                    paused.await();
                    // With their frames these are just more than the 64 KiB that may wait.
                    for (int i = 0; i < 64; i++) {
                        sse.send(kilobyte);
                    }
                    full.countDown();
                    sse.send("waited");
                    released.countDown();
                };
        try (var client = new TestClient(app(sender))) {
            TestStream stream = client.stream("/events");
            stream.pause();
            paused.countDown();
            full.await();
            assertEquals(1, released.getCount());
            stream.resume();
            released.await();
            for (int i = 0; i < 64; i++) {
                assertEquals(kilobyte, stream.next().data());
            }
            assertEquals("waited", stream.next().data());
            stream.close();
        }
    }

    @Test
    void whatIsLeftIsTold() {
        var client = new TestClient(app(sleeper));
        TestStream stream = client.stream("/events");
        assertThrows(AssertionError.class, client::assertNothingLeft);
        stream.next();
        assertThrows(AssertionError.class, client::close);
        assertFalse(stream.isOpen());
    }

    @Test
    void aRefusedStreamSaysWhy() {
        var app =
                new Microdot()
                        .get(
                                "/events",
                                request -> {
                                    throw new HttpException(403, "not yours");
                                });
        try (var client = new TestClient(app)) {
            AssertionError refused =
                    assertThrows(AssertionError.class, () -> client.stream("/events"));
            assertTrue(String.valueOf(refused.getMessage()).contains("403 not yours"));
        }
    }

    @Test
    void heartbeatsAndFarewells() {
        try (var client = new TestClient(app(sleeper))) {
            TestStream stream = client.stream("/events");
            stream.next();
            assertNull(stream.retry());
            stream.heartbeat();
            assertEquals(List.of(""), stream.comments());
            stream.dismiss(Duration.ofSeconds(10));
            assertEquals(TestStream.End.RETURNED, stream.awaitEnd());
            assertTrue(stream.retry() != null && stream.retry().toMillis() >= 500);
        }
    }

    @Test
    void theEndIsTheSendersException() {
        var thrown = new CountDownLatch(1);
        SseHandler handler =
                (request, sse) -> {
                    sse.close();
                    assertThrows(StreamClosedException.class, () -> sse.send("late"));
                    thrown.countDown();
                };
        try (var client = new TestClient(app(handler))) {
            assertEquals(TestStream.End.RETURNED, client.stream("/events").awaitEnd());
        }
        assertEquals(0, thrown.getCount());
    }

    @Test
    void topicsResume() {
        var topics = new Topics();
        var app = new Microdot().get("/t", topics.stream("a", "b"));
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/t");
            topics.publish("a", "one");
            topics.publish("b", Event.of("two").event("second"));
            assertEquals("one", stream.next().data());
            assertEquals("two", stream.await("second").data());
            String id = stream.lastEventId();
            stream.close();
            topics.publish("a", "three");
            TestStream again = client.header("Last-Event-ID", id).stream("/t");
            assertEquals("three", again.next().data());
            again.close();
        }
        assertEquals(0, topics.topic("a").followers());
    }
}
