package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TestStreamTest {
    private static final String KILOBYTE = "x".repeat(1024);

    private final Semaphore never = new Semaphore(0);
    private final CountDownLatch sent = new CountDownLatch(1);
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();

    private final SseHandler two =
            (request, sse) -> {
                sse.onClose(closed::incrementAndGet);
                try {
                    sse.send("one", "first", "1");
                    sse.send("two", "second", "2");
                    sent.countDown();
                    never.acquire();
                } finally {
                    finished.incrementAndGet();
                }
            };

    private static TestClient client(SseHandler handler) {
        return new TestClient(new Microdot().get("/events", Sse.withSse(handler)));
    }

    private static String message(AssertionError error) {
        return String.valueOf(error.getMessage());
    }

    @Test
    void headArrivesBeforeTheFirstEvent() {
        try (var client = client((request, sse) -> never.acquire());
                var stream = client.stream("/events")) {
            assertEquals(200, stream.status());
            assertEquals("text/event-stream", stream.header("Content-Type"));
            assertEquals("no", stream.headers().get("X-Accel-Buffering"));
            assertTrue(stream.isOpen());
        }
    }

    @Test
    void eventsAreTakenInOrder() {
        try (var client = client(two);
                var stream = client.stream("/events")) {
            assertEquals("", stream.lastEventId());
            assertEquals(Event.of("one").event("first").id("1"), stream.next());
            assertEquals("1", stream.lastEventId());
            assertEquals(Event.of("two").event("second").id("2"), stream.next());
            assertEquals("2", stream.lastEventId());
        }
    }

    @Test
    void awaitSkipsOtherEvents() {
        SseHandler many =
                (request, sse) -> {
                    sse.send("a", "reading");
                    sse.send("b");
                    sse.send("c", "reading", "7");
                    sse.send("d");
                };
        try (var client = client(many);
                var stream = client.stream("/events")) {
            assertEquals("b", stream.await("message").data());
        }
        try (var client = client(many)) {
            TestStream stream = client.stream("/events");
            assertEquals("7", stream.await(Event.of("c")).id());
            assertEquals("d", stream.await(Event.of("d")).data());
        }
        try (var client = client(many)) {
            TestStream stream = client.stream("/events");
            Event wrongId = Event.of("c").event("reading").id("8");
            AssertionError error = assertThrows(AssertionError.class, () -> stream.await(wrongId));
            assertTrue(message(error).contains("ended: RETURNED; taken before: [Event[data=a"));
        }
    }

    @Test
    void missingEventFailsWithTheEventsBefore() throws Exception {
        try (var client = client(two)) {
            TestStream stream = client.patience(Duration.ofSeconds(1)).stream("/events");
            sent.await();
            stream.await("second");
            AssertionError error = assertThrows(AssertionError.class, stream::next);
            assertTrue(
                    message(error)
                            .startsWith(
                                    "no event arrived; the stream is open; taken before: [Event[data=one"),
                    message(error));
            stream.close();
        }
    }

    @Test
    void closeInterruptsTheHandlerAndWaitsForIt() {
        try (var client = client(two)) {
            TestStream stream = client.stream("/events");
            stream.await("first");
            stream.close();
            assertEquals(1, finished.get());
            assertEquals(1, closed.get());
            assertEquals(StreamEnd.CLOSED, stream.awaitEnd());
            assertFalse(stream.isOpen());
            stream.close();
            client.assertNothingLeft();
        }
        assertEquals(1, closed.get());
    }

    @Test
    void returningHandlerEndsTheStreamProperly() {
        try (var client = client((request, sse) -> sse.send("all"))) {
            TestStream stream = client.stream("/events");
            assertEquals("all", stream.next().data());
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void failingHandlerAbortsTheStream() {
        SseHandler failing =
                (request, sse) -> {
                    sse.onClose(closed::incrementAndGet);
                    throw new IllegalArgumentException("as the test wants it");
                };
        try (var client = client(failing)) {
            assertEquals(StreamEnd.ABORTED, client.stream("/events").awaitEnd());
        }
        assertEquals(1, closed.get());
    }

    @Test
    void failingWriterAbortsTheStream() {
        var app =
                new Microdot()
                        .get(
                                "/raw",
                                request ->
                                        new Response(
                                                new Body.Stream(
                                                        sink -> {
                                                            throw new IllegalStateException(
                                                                    "as the test wants it");
                                                        })));
        try (var client = new TestClient(app)) {
            assertEquals(StreamEnd.ABORTED, client.stream("/raw").awaitEnd());
        }
    }

    @Test
    void pausedClientBlocksTheHandler() {
        var sent = new AtomicInteger();
        SseHandler sender =
                (request, sse) -> {
                    for (int i = 0; i < 65; i++) {
                        sse.send(KILOBYTE);
                        sent.incrementAndGet();
                    }
                };
        try (var client = client(sender)) {
            TestStream stream = client.request("GET", "/events").pausedStream();
            stream.awaitBlocked();
            // With their frames 64 are just more than the 64 KiB that may wait.
            assertEquals(64, sent.get());
            stream.resume();
            for (int i = 0; i < 65; i++) {
                assertEquals(KILOBYTE, stream.next().data());
            }
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void pausedClientSeesTheEndAfterTheUnreadEvents() throws Exception {
        var returned = new CountDownLatch(1);
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(returned::countDown);
                    sse.send("last");
                };
        try (var client = client(handler)) {
            TestStream stream = client.request("GET", "/events").pausedStream();
            returned.await();
            assertTrue(stream.isOpen());
            stream.resume();
            assertEquals("last", stream.next().data());
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void awaitBlockedFailsWithoutABlockedSend() {
        try (var client = client((request, sse) -> {})) {
            TestStream stream = client.stream("/events");
            assertTrue(
                    message(assertThrows(AssertionError.class, stream::awaitBlocked))
                            .startsWith("no send is blocked"));
        }
    }

    @Test
    void pauseAndResumeApplyToAStreamOfTopics() {
        var topics = new Topics();
        try (var client = new TestClient(new Microdot().get("/t", topics.stream("a")))) {
            TestStream stream = client.stream("/t");
            stream.pause();
            for (int i = 0; i < 200; i++) {
                topics.publish("a", KILOBYTE + i);
            }
            stream.resume();
            for (int i = 0; i < 200; i++) {
                assertEquals(KILOBYTE + i, stream.next().data());
            }
            stream.close();
        }
    }

    @Test
    void openStreamFailsTheTest() throws Exception {
        TestClient client = client(two).patience(Duration.ofSeconds(1));
        TestStream stream = client.stream("/events");
        sent.await();
        AssertionError error = assertThrows(AssertionError.class, client::close);
        String message = String.valueOf(error.getMessage());
        assertTrue(message.startsWith("GET /events is still open, opened at "), message);
        assertFalse(stream.isOpen());
        assertEquals(1, finished.get());
    }

    @Test
    void eventNotTakenFailsTheTest() {
        var client = client((request, sse) -> sse.send("unread"));
        client.stream("/events").awaitEnd();
        AssertionError error = assertThrows(AssertionError.class, client::close);
        assertTrue(message(error).contains("data=unread"), message(error));
    }

    @Test
    void handlerThatIgnoresItsInterruptIsNamed() throws Exception {
        var begun = new CountDownLatch(1);
        var release = new Semaphore(0);
        SseHandler stubborn =
                (request, sse) -> {
                    begun.countDown();
                    release.acquireUninterruptibly();
                };
        TestClient client = client(stubborn).patience(Duration.ofMillis(50));
        TestStream stream = client.stream("/events");
        begun.await();
        AssertionError error = assertThrows(AssertionError.class, stream::close);
        assertTrue(message(error).contains("acquireUninterruptibly"), message(error));
        release.release();
    }

    @Test
    void heartbeatArrivesWhenTheTestCallsForIt() {
        try (var client = client((request, sse) -> never.acquire());
                var stream = client.stream("/events")) {
            stream.heartbeat();
            stream.pause();
            stream.heartbeat();
            stream.resume();
            assertEquals(List.of("", ""), stream.comments());
        }
    }

    @Test
    void unreadStreamGetsNoHeartbeat() throws Exception {
        SseHandler handler =
                (request, sse) -> {
                    sse.comment("own");
                    sent.countDown();
                };
        try (var client = client(handler)) {
            TestStream stream = client.request("GET", "/events").pausedStream();
            sent.await();
            stream.heartbeat();
            stream.resume();
            stream.awaitEnd();
            assertEquals(List.of("own"), stream.comments());
        }
    }

    @Test
    void closeWithRetrySendsAReconnectDelay() {
        try (var client = client(two)) {
            TestStream stream = client.stream("/events");
            stream.await("second");
            assertNull(stream.retry());
            stream.closeWithRetry(Duration.ofSeconds(10));
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            assertEquals(Duration.ofSeconds(10), stream.retry());
        }
        assertEquals(1, finished.get());
        assertEquals(1, closed.get());
    }

    @Test
    void onlyAdvanceToMovesTheClock() {
        Instant expiry = Instant.parse("2030-01-01T00:00:00Z");
        SseHandler handler =
                (request, sse) -> {
                    sse.closeAt(expiry.plusSeconds(60));
                    sse.closeAt(expiry);
                    sse.closeAt(expiry.plusSeconds(30));
                    sse.send("set");
                    never.acquire();
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals("set", stream.next().data());
            stream.advanceTo(expiry.minusNanos(1));
            assertTrue(stream.isOpen());
            stream.advanceTo(expiry);
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            assertNotNull(stream.retry());
        }
    }

    @Test
    void lastEventIdIsSentInUtf8() {
        SseHandler echo = (request, sse) -> sse.send(String.valueOf(sse.lastEventId()));
        try (var client = client(echo)) {
            TestStream stream = client.request("GET", "/events").lastEventId("läuft-7").stream();
            assertEquals("läuft-7", stream.next().data());
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
    }

    @Test
    void topicStreamResumes() {
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
            TestStream again = client.request("GET", "/t").lastEventId(id).stream();
            assertEquals("three", again.next().data());
            again.close();
        }
        assertEquals(0, topics.topic("a").followers());
    }
}
