package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a stream ends, and what its handler sees. */
@Timeout(30)
class SseEndTest {
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
    void closeLog() {
        log.close();
    }

    @Test
    void disconnectInterruptsTheHandlerAndIsNotLogged() {
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
    void exceptionAfterTheEndIsNotLogged() {
        SseHandler handler =
                (request, sse) -> {
                    sse.send("begun");
                    try {
                        never.acquire();
                    } finally {
                        if (request.query("send") == null) {
                            throwAsATest();
                        }
                        sse.send("not sent");
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
    void failingHandlerIsLoggedOnceAndAbortsTheStream() {
        SseHandler handler =
                (request, sse) -> {
                    sse.send("begun");
                    throw new IllegalStateException("as the test wants it");
                };
        try (var client = client(handler)) {
            TestStream stream = client.stream("/events");
            assertEquals("begun", stream.next().data());
            assertEquals(StreamEnd.ABORTED, stream.awaitEnd());
        }
        assertEquals(List.of("the event stream GET /events failed"), log.messages());
        assertEquals("as the test wants it", log.thrown().getFirst().getMessage());
    }

    @Test
    void interruptByTheHandlerItselfIsAFailure() {
        SseHandler handler =
                (request, sse) -> {
                    Thread.currentThread().interrupt();
                    never.acquire();
                };
        try (var client = client(handler)) {
            assertEquals(StreamEnd.ABORTED, client.stream("/events").awaitEnd());
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
    void blockedSendThrowsWhenTheClientDisconnects() {
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
    void interruptWhileTheStreamIsOpenDoesNotEndIt() {
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
    void handlerThatClosesItsStreamIsNotInterrupted() {
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
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        }
        assertFalse(interrupted.join());
    }

    @Test
    void closeByAnotherThreadInterruptsTheHandler() {
        try (var client = client(waiting)) {
            TestStream stream = client.stream("/events");
            opened.join().close();
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
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
                                                    },
                                                    body.closingFrames()));
                                }));
    }

    @Test
    void interruptDoesNotOutliveTheHandler() {
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
    void handlerOfAnEndedStreamDoesNotStart() {
        var started = new AtomicInteger();
        SseHandler handler = (request, sse) -> started.incrementAndGet();
        try (var client = around(handler, sink -> sink.end(), sink -> {})) {
            assertEquals(StreamEnd.RETURNED, client.stream("/events").awaitEnd());
        }
        assertEquals(0, started.get());
    }

    // ---- onClose ----

    private static void assertCountsOne(AtomicInteger count, TestStream stream) {
        stream.awaitEnd();
        stream.close();
        assertEquals(1, count.get());
    }

    @Test
    void onCloseRunsOnceForEveryEnd() {
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
                assertCountsOne(count, client.stream("/events?end=" + end));
            }
            count.set(0);
            TestStream left = client.stream("/events");
            left.next();
            left.close();
            assertCountsOne(count, left);
            count.set(0);
            TestStream closedWithRetry = client.stream("/events");
            closedWithRetry.next();
            closedWithRetry.closeWithRetry(Duration.ofSeconds(1));
            assertCountsOne(count, closedWithRetry);
        }
    }

    @Test
    void onCloseAfterTheEndRunsAtOnce() {
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
    void failingOnCloseIsLoggedAndDoesNotStopOthers() {
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
            assertEquals(StreamEnd.RETURNED, client.stream("/events").awaitEnd());
        }
        assertEquals(1, ran.get());
        assertEquals(List.of("an onClose of the event stream GET /events failed"), log.messages());
    }

    private static TestClient opening(Topics topics, SseHandler handler) {
        return new TestClient(new Microdot().get("/events", topics.stream("a").onOpen(handler)));
    }

    @Test
    void followerHasNoThreadAfterItsOpeningHandler() throws Exception {
        var topics = new Topics();
        var thread = new CompletableFuture<Thread>();
        try (var client =
                        opening(topics, (request, sse) -> thread.complete(Thread.currentThread()));
                TestStream stream = client.stream("/events")) {
            thread.join().join();
            topics.publish("a", "a1");
            assertEquals("a1", stream.next().data());
        }
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void disconnectInterruptsTheOpeningHandler() {
        var topics = new Topics();
        try (var client = opening(topics, waiting);
                TestStream stream = client.stream("/events")) {
            opened.join();
            stream.close();
        }
        assertEquals(0, topics.topic("a").followers());
        assertEquals(List.of(), log.messages());
    }

    @Test
    void failingOpeningHandlerAbortsTheStream() {
        var topics = new Topics();
        SseHandler failing =
                (request, sse) -> {
                    throw new IllegalStateException("no greeting today");
                };
        try (var client = opening(topics, failing);
                TestStream stream = client.stream("/events")) {
            assertEquals(StreamEnd.ABORTED, stream.awaitEnd());
        }
        assertEquals(0, topics.topic("a").followers());
        assertEquals(1, log.messages().size());
    }

    /** The head is sent, so that the client cannot get a 400. */
    @Test
    void illegalTopicNameOfTheClientIsOneWarning() {
        var topics = new Topics();
        var client = client((request, sse) -> sse.follow(topics, request.query("t", "")));
        TestStream stream = client.stream("/events?t=");
        assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        assertTrue(String.valueOf(stream.retry()).startsWith("PT"), "no retry");
        assertEquals(1, log.messages().size());
        String message = log.messages().getFirst();
        assertTrue(message.contains("HttpException 400 came after the head"), message);
        client.close();
    }
}
