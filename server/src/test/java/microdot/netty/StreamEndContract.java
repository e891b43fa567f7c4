package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import microdot.Body;
import microdot.BodySink;
import microdot.Handler;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whichever way a stream ends: finally and onClose run once, and nothing is left. */
@Timeout(60)
abstract class StreamEndContract extends TransportContract {
    private static final String LAST_CHUNK = "0\r\n\r\n";

    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicInteger finals = new AtomicInteger();
    private final AtomicInteger closes = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final SynchronousQueue<Sse> begun = new SynchronousQueue<>();

    /** Counts how the handler ends. */
    private Microdot app(SseHandler handler) {
        return new Microdot()
                .get(
                        "/events",
                        withSse(
                                (request, sse) -> {
                                    sse.onClose(
                                            () -> {
                                                closes.incrementAndGet();
                                                closed.countDown();
                                            });
                                    try {
                                        handler.handle(request, sse);
                                    } finally {
                                        finals.incrementAndGet();
                                        ended.countDown();
                                    }
                                }));
    }

    private final SseHandler sleeper =
            (request, sse) -> {
                begun.put(sse);
                Thread.sleep(Duration.ofDays(1));
            };

    private void assertEndedOnce() throws InterruptedException {
        ended.await();
        closed.await();
        assertEquals(1, finals.get());
        assertEquals(1, closes.get());
    }

    @Test
    void byReturn() throws Exception {
        try (Served served = served(app((request, sse) -> sse.send("all")));
                RawClient client = served.client()) {
            assertTrue(client.get("/events").readAll().endsWith("\n\n\r\n" + LAST_CHUNK));
            assertEndedOnce();
        }
    }

    @Test
    void byFailure() throws Exception {
        SseHandler failing =
                (request, sse) -> {
                    sse.send("some");
                    throw new IllegalStateException("as the test wants it");
                };
        try (Served served = served(app(failing)).expectFailures(1);
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.contains("data: some\n\n"), all);
            assertFalse(all.endsWith(LAST_CHUNK), all);
            assertEndedOnce();
        }
    }

    @Test
    void byTheClientThatLeaves() throws Exception {
        try (Served served = served(app(sleeper))) {
            RawClient client = served.client().get("/events");
            begun.take();
            client.close();
            assertEndedOnce();
        }
    }

    @Test
    void byTheClientThatEndsItsSideOnly() throws Exception {
        try (Served served = served(app(sleeper));
                RawClient client = served.client().get("/events")) {
            begun.take();
            client.shutdownOutput();
            assertEndedOnce();
            assertFalse(client.readAll().endsWith(LAST_CHUNK));
        }
    }

    @Test
    void byTheClientThatResets() throws Exception {
        try (Served served = served(app(sleeper))) {
            RawClient client = served.client().get("/events");
            begun.take();
            client.reset();
            assertEndedOnce();
        }
    }

    @Test
    void byAnotherThread() throws Exception {
        try (Served served = served(app(sleeper));
                RawClient client = served.client().get("/events")) {
            Sse sse = begun.take();
            sse.send("last");
            sse.close();
            sse.close();
            assertFalse(sse.isOpen());
            assertThrows(StreamClosedException.class, () -> sse.send("late"));
            assertTrue(client.readAll().endsWith("data: last\n\n\r\n" + LAST_CHUNK));
            assertEndedOnce();
        }
    }

    @Test
    void byItsOwnHandlerWhichIsNotInterrupted() throws Exception {
        var interrupted = new AtomicReference<Boolean>();
        SseHandler handler =
                (request, sse) -> {
                    sse.close();
                    interrupted.set(Thread.interrupted());
                };
        try (Served served = served(app(handler));
                RawClient client = served.client().get("/events")) {
            assertTrue(client.readAll().endsWith(LAST_CHUNK));
            assertEndedOnce();
        }
        assertEquals(false, interrupted.get());
    }

    @Test
    void byAbort() throws Exception {
        var again = new CountDownLatch(1);
        Body.StreamWriter writer =
                sink -> {
                    sink.onClose(closes::incrementAndGet);
                    sink.write(new byte[] {'x'});
                    sink.abort();
                    sink.abort();
                    sink.end();
                    again.countDown();
                };
        var app = new Microdot().get("/", request -> new Response(new Body.Stream(writer)));
        try (Served served = served(app);
                RawClient client = served.client().get("/")) {
            assertFalse(client.readAll().endsWith(LAST_CHUNK));
            again.await();
        }
        assertEquals(1, closes.get());
    }

    @Test
    void byTheServerWhichWaitsForFinally() throws Exception {
        var gate = new CountDownLatch(1);
        SseHandler handler =
                (request, sse) -> {
                    try {
                        sleeper.handle(request, sse);
                    } catch (InterruptedException e) {
                        gate.await();
                        throw e;
                    }
                };
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(30));
        try (Served served = served(app(handler), options);
                RawClient client = served.client().get("/events")) {
            begun.take();
            Thread closing = Thread.startVirtualThread(served.server::close);
            Thread second = Thread.startVirtualThread(served.server::close);
            String all = client.readAll();
            assertTrue(all.contains("retry: ") && all.endsWith(LAST_CHUNK), all);
            assertEquals(0, finals.get());
            gate.countDown();
            closing.join();
            second.join();
            assertEquals(1, finals.get());
            assertEndedOnce();
        }
    }

    @Test
    void byTheServerWhichWaitsForOnCloseToo() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        SseHandler opening =
                (request, sse) -> {
                    sse.onClose(
                            () -> {
                                running.countDown();
                                awaitStubbornly(gate);
                                closed.countDown();
                            });
                    sse.send("open");
                };
        var app = new Microdot().get("/events", new Topics().stream("topic").onOpen(opening));
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(30));
        try (Served served = served(app, options);
                RawClient client = served.client().get("/events")) {
            client.readTo("data: open\n\n");
            while (served.server.stats().handlers() > 0) {
                Thread.onSpinWait(); // The stream goes on without its thread.
            }
            Thread closing = Thread.startVirtualThread(served.server::close);
            running.await();
            assertEquals(1, served.server.stats().handlers());
            gate.countDown();
            closing.join();
            assertEquals(0, closed.getCount());
        }
    }

    @Test
    void aHandlerThatIgnoresTheInterruptDoesNotHoldTheClose() throws Exception {
        var stop = new CountDownLatch(1);
        var running = new CountDownLatch(2);
        SseHandler stubborn =
                (request, sse) -> {
                    running.countDown();
                    awaitStubbornly(stop);
                };
        Microdot app = app(stubborn).get("/plain", late(running, stop));
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(100));
        try (Served served = served(app, options);
                RawClient stream = served.client().get("/events");
                RawClient plain = served.client().get("/plain")) {
            running.await();
            served.server.close();
            assertEquals(2, served.server.stats().handlers());
            assertTrue(stream.readAll().endsWith(LAST_CHUNK));
            plain.readAll();
            stop.countDown();
            assertEndedOnce();
        }
    }

    /** Netty leaves connections open when it learns in the midst of its tasks that it is to end. */
    @Test
    void whatIsLeftIsClosedHoweverBusyItsLoop() throws Exception {
        var stop = new CountDownLatch(1);
        var running = new CountDownLatch(1);
        Set<EventLoop> loops = ConcurrentHashMap.newKeySet();
        Microdot app =
                new Microdot()
                        .get(
                                "/loop",
                                request ->
                                        new Response(
                                                new Body.Stream(
                                                        sink ->
                                                                loops.add(
                                                                        (EventLoop) sink.loop()))))
                        .get("/plain", late(running, stop));
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(100));
        try (Served served = served(app, options);
                RawClient plain = served.client().get("/plain")) {
            running.await();
            while (loops.size() < Runtime.getRuntime().availableProcessors()) {
                try (RawClient stream = served.client()) {
                    stream.get("/loop").readAll();
                }
            }
            loops.forEach(StreamEndContract::keepBusy);
            served.server.close();
            assertEquals("", plain.readAll());
            stop.countDown();
        }
    }

    private static void keepBusy(EventLoop loop) {
        if (!loop.isShuttingDown()) {
            loop.execute(() -> keepBusy(loop));
        }
    }

    private static Handler late(CountDownLatch running, CountDownLatch stop) {
        return request -> {
            running.countDown();
            awaitStubbornly(stop);
            return "late";
        };
    }

    private static void awaitStubbornly(CountDownLatch stop) {
        while (true) {
            try {
                stop.await();
                return;
            } catch (InterruptedException e) {
                // So it is that some code behaves.
            }
        }
    }

    @Test
    void aPlainRequestInProgressGetsItsAnswerWhenTheServerCloses() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var app =
                new Microdot()
                        .get(
                                "/",
                                request -> {
                                    running.countDown();
                                    gate.await();
                                    return "answer";
                                });
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(30));
        try (Served served = served(app, options);
                RawClient client = served.client().get("/").get("/")) {
            running.await();
            RawClient idle = served.client();
            served.awaitConnections(2); // One that was not yet taken would be reset.
            Thread closing = Thread.startVirtualThread(served.server::close);
            assertEquals("", idle.readAll());
            gate.countDown();
            String all = client.readAll();
            assertTrue(all.contains("connection: close") && all.endsWith("answer"), all);
            client.close();
            closing.join();
        }
    }

    /** Whether the interrupt came before, or by the end of the stream whose handler closes. */
    @Test
    void anInterruptDoesNotShortenTheClose() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var served = new AtomicReference<Served>();
        var app =
                new Microdot()
                        .get(
                                "/plain",
                                request -> {
                                    running.countDown();
                                    gate.await();
                                    return "answer";
                                })
                        .get(
                                "/stop",
                                withSse(
                                        (request, sse) -> {
                                            sse.onClose(gate::countDown);
                                            Thread.currentThread().interrupt();
                                            served.get().server.close();
                                        }));
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(30));
        try (Served server = served(app, options);
                RawClient plain = server.client().get("/plain");
                RawClient stop = server.client()) {
            served.set(server);
            running.await();
            stop.get("/stop");
            String all = plain.readAll();
            assertTrue(all.endsWith("answer"), all);
        }
    }

    /** The thread of the writer may be held up by the scheduler, here by the test. */
    @Test
    void whoIsSentAwayAheadOfTheWriterIsToldWhereItStands() throws Exception {
        var topics = new Topics();
        var begun = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var stream = topics.stream("a");
        var app =
                new Microdot()
                        .get(
                                "/events",
                                request -> {
                                    Response made = stream.handle(request);
                                    var writer = ((Body.Stream) made.body()).writer();
                                    return new Response(
                                            new Body.Stream(new HeldUp(writer, begun, gate)));
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.get("/events").readHead();
            begun.await();
            topics.publish("a", "meanwhile");
            Thread closing = Thread.startVirtualThread(served.server::close);
            String rest = client.readAll();
            gate.countDown();
            closing.join();
            assertTrue(rest.contains("retry: ") && rest.contains("event: checkpoint\n"), rest);
        }
    }

    private record HeldUp(Body.StreamWriter writer, CountDownLatch begun, CountDownLatch gate)
            implements Body.StreamWriter {
        @Override
        public void writeTo(BodySink sink) throws Exception {
            begun.countDown();
            gate.await();
            writer.writeTo(sink);
        }

        @Override
        public @Nullable Function<Duration, byte[]> closingFrames() {
            return writer.closingFrames();
        }
    }

    @Test
    void aHandlerCanCloseItsServer() throws Exception {
        var served = new AtomicReference<Served>();
        SseHandler handler =
                (request, sse) -> {
                    sse.send("bye");
                    served.get().server.close();
                };
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(100));
        try (Served server = served(app(handler), options);
                RawClient client = server.client()) {
            served.set(server);
            assertTrue(client.get("/events").readAll().contains("data: bye"));
            assertEndedOnce();
        }
    }

    @Test
    void anOnCloseThatClosesItsServerDoesNotWaitForItself() throws Exception {
        var served = new AtomicReference<Served>();
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(() -> closeAndTell(served.get()));
                    sse.send("hello");
                };
        var options = new ServerOptions().closeTimeout(Duration.ofHours(1));
        var app = new Microdot().get("/events", withSse(handler));
        try (Served server = served(app, options);
                RawClient client = server.client()) {
            served.set(server);
            client.get("/events").readAll();
            closed.await();
        }
    }

    private void closeAndTell(Served served) {
        served.server.close();
        closed.countDown();
    }

    /**
     * The end is told to the handler first: its next send does not look like a failure of its own.
     */
    @Test
    void manyClientsThatLeaveAmidASendAreNoFailures() throws Exception {
        var released = new CountDownLatch(100 * 3);
        SseHandler sender =
                (request, sse) -> {
                    for (int i = 0; i < 2; i++) {
                        Thread.startVirtualThread(() -> sendUntilClosed(sse, released));
                    }
                    try {
                        while (true) {
                            sse.send("x");
                        }
                    } finally {
                        released.countDown();
                    }
                };
        try (Served served = served(new Microdot().get("/events", withSse(sender)))) {
            for (int i = 0; i < 100; i++) {
                RawClient client = served.client();
                client.get("/events").readTo("data: x\n\n");
                if (i % 2 == 0) {
                    client.close();
                } else {
                    client.reset();
                }
            }
            released.await();
        }
    }

    private static void sendUntilClosed(Sse sse, CountDownLatch released) {
        try {
            while (true) {
                sse.send("y");
            }
        } catch (StreamClosedException e) {
            released.countDown();
        }
    }
}
