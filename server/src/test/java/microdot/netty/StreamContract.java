package microdot.netty;

import static microdot.sse.Sse.sseResponse;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import microdot.Body;
import microdot.Handler;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
abstract class StreamContract extends TransportContract {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    /** Sends nothing, sleeps, and reports its begin and its end. */
    private final SseHandler sleeper =
            (request, sse) -> {
                sse.onClose(closed::incrementAndGet);
                begun.countDown();
                try {
                    Thread.sleep(Duration.ofDays(1));
                } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                } finally {
                    ended.incrementAndGet();
                }
            };

    private static Microdot app(SseHandler handler) {
        return new Microdot().get("/events", withSse(handler));
    }

    @Test
    void headIsSentBeforeTheFirstEvent() throws Exception {
        try (Served served = served(app(sleeper));
                RawClient client = served.client()) {
            String head = client.get("/events").readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 OK"), head);
            assertTrue(head.contains("Content-Type: text/event-stream\r\n"), head);
            assertTrue(head.contains("transfer-encoding: chunked\r\n"), head);
        }
    }

    @Test
    void topicFollowerNeedsNoThread() throws Exception {
        var stream = new Topics().stream("topic");
        var handledBy = new AtomicReference<Thread>();
        Handler watched =
                new Prompt(
                        request -> {
                            handledBy.set(Thread.currentThread());
                            return stream.handle(request);
                        });
        var app = new Microdot().get("/events", watched);
        try (Served served = served(app);
                RawClient client = served.client();
                RawClient other = served.client()) {
            client.get("/events").readHead();
            assertFalse(handledBy.get().isVirtual());
            app.beforeRequest(request -> null);
            other.get("/events").readHead();
            assertTrue(handledBy.get().isVirtual());
        }
    }

    @Test
    void handlerThatThrowsOnTheEventLoopRunsOnceAndItsErrorHandlerRunsOnAThread() throws Exception {
        var calls = new AtomicInteger();
        Handler failing =
                new Prompt(
                        request -> {
                            calls.incrementAndGet();
                            throw new HttpException(418);
                        });
        var app =
                new Microdot()
                        .get("/events", failing)
                        .errorHandler(418, request -> "" + Thread.currentThread().isVirtual());
        try (Served served = served(app);
                RawClient client = served.client()) {
            String all = client.get("/events").shutdownOutput().readAll();
            assertTrue(all.startsWith("HTTP/1.1 418"), all);
            assertTrue(all.endsWith("true"), all);
            assertEquals(1, calls.get());
        }
    }

    @Test
    void nonBlockingWriterWritesAfterTheHead() throws Exception {
        byte[] event = "data: 1\n\n".getBytes(StandardCharsets.UTF_8);
        Body.StreamWriter writer =
                sink -> {
                    sink.feed(
                            space -> {
                                space.put(event, 0, event.length);
                                sink.end();
                                return false;
                            });
                    sink.pull();
                };
        Handler prompt = new Prompt(request -> new Response(new Body.Stream(writer)));
        try (Served served = served(new Microdot().get("/events", prompt));
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.startsWith("HTTP/1.1 200 OK\r\n"), all);
            assertTrue(all.endsWith("data: 1\n\n\r\n0\r\n\r\n"), all);
        }
    }

    @Test
    void clientThatClosesIsNoticedWithoutAWrite() throws Exception {
        try (Served served = served(app(sleeper))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            begun.await(); // A handler that has not begun would not be started any more.
            client.close();
            interrupted.await();
            served.awaitNothingOpen();
        }
        assertEquals(1, ended.get());
        assertEquals(1, closed.get());
    }

    @Test
    void clientThatResetsIsNoticedWithoutAWrite() throws Exception {
        try (Served served = served(app(sleeper))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            begun.await();
            client.reset();
            interrupted.await();
            served.awaitNothingOpen();
        }
    }

    @Test
    void senderBlocksWhileClientDoesNotReadAndLosesNothing() throws Exception {
        var sent = new AtomicLong();
        String kilobyte = "x".repeat(1000);
        int events = 20_000;
        SseHandler sender =
                (request, sse) -> {
                    for (int i = 0; i < events; i++) {
                        sse.send(kilobyte + i);
                        sent.incrementAndGet();
                    }
                };
        try (Served served = served(app(sender));
                RawClient client = served.client(4096)) {
            client.get("/events").readHead();
            long held = standstill(sent::get);
            // At most what the stream and the kernel buffer.
            assertTrue(held < events / 2, held + " were sent although the client did not read");
            String all = client.readAll();
            // An event may be in two chunks.
            String body = all.replaceAll("\r\n[0-9a-f]+\r\n", "");
            assertEquals(events, body.split("data: ", -1).length - 1);
            assertTrue(all.endsWith("0\r\n\r\n"));
        }
    }

    @Test
    void blockedSenderIsReleasedWhenItsClientLeaves() throws Exception {
        var released = new CountDownLatch(1);
        String large = "x".repeat(1 << 20);
        SseHandler sender =
                (request, sse) -> {
                    begun.countDown();
                    try {
                        while (true) {
                            sse.send(large);
                        }
                    } catch (StreamClosedException e) {
                        released.countDown();
                        throw e;
                    }
                };
        try (Served served = served(app(sender))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            begun.await(); // A handler that has not begun would not be started any more.
            client.close();
            released.await();
            served.awaitNothingOpen();
        }
    }

    @Test
    void eventsOfSeveralThreadsAreNotMixed() throws Exception {
        SseHandler sender =
                (request, sse) -> {
                    var threads = new Thread[8];
                    for (int t = 0; t < threads.length; t++) {
                        String text = String.valueOf((char) ('a' + t)).repeat(500);
                        threads[t] = Thread.startVirtualThread(() -> sendMany(sse, text));
                    }
                    for (Thread thread : threads) {
                        thread.join();
                    }
                };
        try (Served served = served(app(sender));
                RawClient client = served.client()) {
            client.send("GET /events HTTP/1.0\r\n\r\n").readHead();
            String[] events = client.readAll().split("\n\n", -1);
            assertEquals(8 * 200 + 1, events.length);
            for (int i = 0; i < events.length - 1; i++) {
                assertTrue(events[i].matches("data: (.)\\1{499}"), events[i]);
            }
        }
    }

    private static void sendMany(Sse sse, String text) {
        for (int i = 0; i < 200; i++) {
            sse.send(text);
        }
    }

    @Test
    void headRequestDoesNotStartTheHandler() throws Exception {
        try (Served served = served(app(sleeper))) {
            String answer = served.answer("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(answer.contains("text/event-stream"), answer);
        }
        assertEquals(0, ended.get());
    }

    @Test
    void http10ClientGetsNoChunks() throws Exception {
        try (Served served = served(app((request, sse) -> sse.send("plain")));
                RawClient client = served.client()) {
            String answer = client.send("GET /events HTTP/1.0\r\n\r\n").readAll();
            assertTrue(answer.endsWith("\r\n\r\ndata: plain\n\n"), answer);
            assertFalse(answer.contains("chunked"), answer);
        }
    }

    @Http1Only("bytes between requests")
    @Test
    void inputAfterStreamRequestIsDroppedUpToALimit() throws Exception {
        try (Served served = served(app(sleeper));
                RawClient client = served.client()) {
            client.get("/events").get("/events").readHead();
            client.send("y".repeat(1000));
            assertEquals(1, served.server.stats().streams());
            client.send("y".repeat(1 << 20));
            interrupted.await();
        } catch (java.net.SocketException disconnectedWhileSending) {
            interrupted.await();
        }
    }

    @Test
    void idleStreamGetsHeartbeats() throws Exception {
        var options = new ServerOptions().heartbeat(Duration.ofMillis(50));
        try (Served served = served(app(sleeper), options);
                RawClient client = served.client()) {
            client.get("/events").readTo(": \n\n");
            client.readTo(": \n\n");
        }
    }

    @Test
    void clientBeyondMaxStreamsIsRejectedWithRetry() throws Exception {
        try (Served served = served(app(sleeper), new ServerOptions().maxStreams(1));
                RawClient first = served.client()) {
            first.get("/events").readHead();
            String browser =
                    served.answer(
                            "GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
            assertTrue(browser.startsWith("HTTP/1.1 200") && browser.contains("retry: "), browser);
            String other = served.answer("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(other.startsWith("HTTP/1.1 503") && other.contains("Retry-After: "), other);
        }
    }

    @Test
    void rejectionKeepsAllHeadersOfTheResponse() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/events",
                                request ->
                                        sseResponse(request, sleeper)
                                                .cookie("a", "1")
                                                .cookie("b", "2"));
        try (Served served = served(app, new ServerOptions().maxStreams(1));
                RawClient first = served.client()) {
            first.get("/events").readHead();
            String other = served.answer("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(
                    other.contains("Set-Cookie: a=1") && other.contains("Set-Cookie: b=2"), other);
        }
    }

    @Test
    void heartbeatsAreEventsForClientsThatAskForThem() throws Exception {
        var app = app(sleeper).get("/topic", new Topics().stream("quiet"));
        var options = new ServerOptions().heartbeat(Duration.ofMillis(50));
        try (Served served = served(app, options);
                RawClient handler = served.client();
                RawClient topic = served.client()) {
            String beat = "event: heartbeat\ndata: 50\n\n";
            for (RawClient client : List.of(handler, topic)) {
                String path = client == handler ? "/events" : "/topic";
                client.get(path + "?heartbeat=event").readHead();
                for (int i = 0; i < 3; i++) {
                    client.readTo(beat);
                }
            }
        }
    }

    @Test
    void streamEndsAtItsMaximumAge() throws Exception {
        var options =
                new ServerOptions()
                        .maxStreamAge(Duration.ofMillis(200))
                        .heartbeat(Duration.ofMillis(100));
        try (Served served = served(app(sleeper), options);
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.contains("retry: ") && all.endsWith("0\r\n\r\n"), all);
        }
    }

    @Test
    void streamEndsAtTheEarliestOfItsTimes() throws Exception {
        SseHandler timed =
                (request, sse) -> {
                    sse.closeAt(Instant.MAX);
                    sse.send("open");
                    sse.closeAt(Instant.MIN);
                    sleeper.handle(request, sse);
                };
        var options = new ServerOptions().heartbeat(Duration.ofMillis(100));
        try (Served served = served(app(timed), options);
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.contains("data: open") && all.endsWith("0\r\n\r\n"), all);
        }
    }

    @Test
    void drainEndsStreamsWithRetry() throws Exception {
        var options = new ServerOptions().heartbeat(Duration.ofMillis(80));
        try (Served served = served(app(sleeper), options);
                RawClient client = served.client()) {
            client.get("/events").readHead();
            served.server.close(Duration.ofMillis(300));
            String rest = client.readAll();
            assertTrue(rest.contains("retry: ") && rest.endsWith("0\r\n\r\n"), rest);
        }
    }

    /** The server still watches the client, and sends nothing for it. */
    @Test
    void streamWithoutHeartbeatsStaysQuiet() throws Exception {
        var options =
                new ServerOptions()
                        .heartbeat(Duration.ZERO)
                        .halfOpen(Duration.ofSeconds(1))
                        .maxStreamAge(Duration.ofMillis(200));
        try (Served served = served(app(sleeper), options);
                RawClient client = served.client()) {
            client.get("/events").readHead();
            String all = client.readAll();
            assertTrue(all.matches("[0-9a-f]+\r\nretry: \\d+\n\n\r\n0\r\n\r\n"), all);
        }
    }

    /**
     * Six heartbeats of a second stream show that as many were due on the first. What they would
     * add comes before the event that the blocked handler sends next. A busy machine may keep the
     * handler from running before it is blocked: then a few heartbeats are right.
     */
    @Test
    void noHeartbeatIsSentUnderBackpressure() throws Exception {
        var sent = new AtomicLong();
        var enough = new AtomicBoolean();
        SseHandler flood =
                (request, sse) -> {
                    while (!enough.get()) {
                        sse.send(sent.get() + " " + "x".repeat(2000));
                        sent.incrementAndGet();
                    }
                };
        var options = new ServerOptions().heartbeat(Duration.ofMillis(300));
        Microdot app = app(flood).get("/quiet", withSse(sleeper));
        try (Served served = served(app, options);
                RawClient quiet = served.client();
                RawClient client = served.client(4096)) {
            quiet.send("GET /quiet HTTP/1.0\r\n\r\n").readHead();
            client.send("GET /events HTTP/1.0\r\n\r\n").readHead();
            long blocked;
            boolean unread;
            do {
                unread = served.server.stats().waiting() > 0;
                blocked = sent.get();
                for (int i = 0; i < 6; i++) {
                    quiet.readTo(": \n\n");
                }
            } while (!unread || sent.get() != blocked);
            enough.set(true);
            String all = client.readAll();
            int next = all.indexOf("data: " + blocked + " ");
            assertTrue(next > 0, "the blocked send was not completed");
            int before = all.lastIndexOf("x\n\n", next) + "x\n\n".length();
            int heartbeats = (next - before) / ": \n\n".length();
            assertTrue(heartbeats <= 3, () -> heartbeats + " heartbeats");
        }
    }
}
