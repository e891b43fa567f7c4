package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamTest {
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    /** Sends nothing, sleeps, and tells how it ends. */
    private final SseHandler sleeper =
            (request, sse) -> {
                sse.onClose(closed::incrementAndGet);
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
    void theHeadComesBeforeTheFirstEvent() throws Exception {
        try (Served served = Served.of(app(sleeper));
                RawClient client = served.client()) {
            String head = client.get("/events").readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 OK"), head);
            assertTrue(head.contains("Content-Type: text/event-stream\r\n"), head);
            assertTrue(head.contains("transfer-encoding: chunked\r\n"), head);
        }
    }

    @Test
    void aClientThatLeavesIsNoticedWithoutAWrite() throws Exception {
        try (Served served = Served.of(app(sleeper))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            client.close();
            interrupted.await();
            served.awaitNothingOpen();
        }
        assertEquals(1, ended.get());
        assertEquals(1, closed.get());
    }

    @Test
    void soIsOneThatResets() throws Exception {
        try (Served served = Served.of(app(sleeper))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            client.reset();
            interrupted.await();
            served.awaitNothingOpen();
        }
    }

    @Test
    void aReturnEndsItProperlyAndAFailureDoesNot() throws Exception {
        try (Served served = Served.of(app((request, sse) -> sse.send("all")));
                RawClient client = served.client()) {
            assertTrue(client.get("/events").readAll().endsWith("\r\ndata: all\n\n\r\n0\r\n\r\n"));
        }
        SseHandler failing =
                (request, sse) -> {
                    sse.send("some");
                    throw new IllegalStateException("as the test wants it");
                };
        try (Served served = Served.of(app(failing));
                RawClient client = served.client()) {
            assertFalse(client.get("/events").readAll().contains("0\r\n\r\n"));
        }
    }

    @Test
    void aSenderIsHeldByAClientThatDoesNotReadAndLosesNothing() throws Exception {
        var sent = new AtomicLong();
        var blocked = new CountDownLatch(1);
        String kilobyte = "x".repeat(1000);
        int events = 20_000;
        SseHandler sender =
                (request, sse) -> {
                    for (int i = 0; i < events; i++) {
                        sse.send(kilobyte + i);
                        sent.incrementAndGet();
                    }
                };
        try (Served served = Served.of(app(sender));
                RawClient client = new RawClient(served.server.port(), 4096)) {
            client.get("/events").readHead();
            Thread watch = Thread.startVirtualThread(() -> awaitStandstill(sent, blocked));
            blocked.await();
            watch.join();
            assertTrue(sent.get() < events, "all were sent although nobody read");
            String all = client.readAll();
            assertEquals(events, all.split("data: ", -1).length - 1);
            assertTrue(all.endsWith("0\r\n\r\n"));
        }
    }

    private static void awaitStandstill(AtomicLong counter, CountDownLatch still) {
        long since = System.nanoTime();
        for (long last = -1;
                System.nanoTime() - since < 300_000_000L || last <= 0;
                Thread.onSpinWait()) {
            if (counter.get() != last) {
                last = counter.get();
                since = System.nanoTime();
            }
        }
        still.countDown();
    }

    @Test
    void aHeldSenderIsReleasedWhenItsClientLeaves() throws Exception {
        var released = new CountDownLatch(1);
        String large = "x".repeat(1 << 20);
        SseHandler sender =
                (request, sse) -> {
                    try {
                        while (true) {
                            sse.send(large);
                        }
                    } catch (StreamClosedException e) {
                        released.countDown();
                        throw e;
                    }
                };
        try (Served served = Served.of(app(sender))) {
            RawClient client = served.client();
            client.get("/events").readHead();
            client.close();
            released.await();
            served.awaitNothingOpen();
        }
    }

    @Test
    void eventsOfSeveralThreadsDoNotMix() throws Exception {
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
        try (Served served = Served.of(app(sender));
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
    void headDoesNotStartTheHandler() throws Exception {
        try (Served served = Served.of(app(sleeper))) {
            String answer = served.answer("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(answer.contains("text/event-stream"), answer);
        }
        assertEquals(0, ended.get());
    }

    @Test
    void anOldClientGetsNoChunks() throws Exception {
        try (Served served = Served.of(app((request, sse) -> sse.send("plain")));
                RawClient client = served.client()) {
            String answer = client.send("GET /events HTTP/1.0\r\n\r\n").readAll();
            assertTrue(answer.endsWith("\r\n\r\ndata: plain\n\n"), answer);
            assertFalse(answer.contains("chunked"), answer);
        }
    }

    @Test
    void whatFollowsAStreamsRequestIsDroppedUpToABound() throws Exception {
        try (Served served = Served.of(app(sleeper));
                RawClient client = served.client()) {
            client.get("/events").get("/events").readHead();
            client.send("y".repeat(1000));
            assertEquals(1, served.server.stats().streams());
            client.send("y".repeat(1 << 20));
            interrupted.await();
        } catch (java.net.SocketException cutWhileSending) {
            interrupted.await();
        }
    }

    @Test
    void anIdleStreamGetsAHeartbeat() throws Exception {
        var options = new ServerOptions().heartbeat(Duration.ofMillis(50));
        try (Served served = new Served(app(sleeper), options);
                RawClient client = served.client()) {
            client.get("/events").readTo(": \n\n");
            client.readTo(": \n\n");
        }
    }

    @Test
    void aServerThatClosesEndsItsStreams() throws Exception {
        Served served = Served.of(app(sleeper));
        try (RawClient client = served.client()) {
            client.get("/events").readHead();
            served.close();
            interrupted.await();
            String rest = client.readAll();
            assertTrue(rest.contains("retry: ") && rest.endsWith("0\r\n\r\n"), rest);
        }
        assertEquals(1, ended.get());
    }

    @Test
    void aHandlerThatIgnoresTheInterruptDoesNotHoldTheClose() throws Exception {
        var stop = new CountDownLatch(1);
        SseHandler stubborn =
                (request, sse) -> {
                    while (stop.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                };
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(100));
        var server = app(stubborn).start(options.port(0));
        try (RawClient client = new RawClient(server.port())) {
            client.get("/events").readHead();
            server.close();
            client.readAll();
        } finally {
            stop.countDown();
        }
    }

    @Test
    void whoComesWhenTheServerIsFullIsToldToComeLater() throws Exception {
        try (Served served = new Served(app(sleeper), new ServerOptions().maxStreams(1));
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
    void aStreamOfAgeIsEnded() throws Exception {
        var options =
                new ServerOptions()
                        .maxStreamAge(Duration.ofMillis(200))
                        .heartbeat(Duration.ofMillis(100));
        try (Served served = new Served(app(sleeper), options);
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.contains("retry: ") && all.endsWith("0\r\n\r\n"), all);
        }
    }

    @Test
    void aDrainEndsEachStreamInItsTurn() throws Exception {
        Served served =
                new Served(app(sleeper), new ServerOptions().heartbeat(Duration.ofMillis(80)));
        try (RawClient client = served.client()) {
            client.get("/events").readHead();
            served.server.close(Duration.ofMillis(300));
            String rest = client.readAll();
            assertTrue(rest.contains("retry: ") && rest.endsWith("0\r\n\r\n"), rest);
        }
        served.close();
    }

    @Test
    void thousandsThatComeAndGoLeaveNothing() throws Exception {
        SseHandler chatty =
                (request, sse) -> {
                    while (true) {
                        sse.send("x".repeat(2000));
                    }
                };
        try (Served served = Served.of(app(chatty).get("/sleep", withSse(sleeper)))) {
            for (int i = 0; i < 2000; i++) {
                RawClient client = served.client();
                client.get(i % 2 == 0 ? "/events" : "/sleep");
                if (i % 3 != 0) {
                    client.readHead();
                }
                if (i % 5 == 0) {
                    client.reset();
                } else {
                    client.close();
                }
            }
            served.awaitNothingOpen();
        }
    }
}
