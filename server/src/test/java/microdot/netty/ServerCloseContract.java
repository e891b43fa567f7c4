package microdot.netty;

import static microdot.netty.EndCounter.LAST_CHUNK;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import microdot.Body;
import microdot.BodySink;
import microdot.Handler;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server that closes: streams end with a retry, requests in progress get their response, and the
 * close waits for handlers up to the close timeout.
 */
@Timeout(60)
abstract class ServerCloseContract extends TransportContract {
    private static final ServerOptions PATIENT =
            new ServerOptions().closeTimeout(Duration.ofSeconds(30));
    private static final ServerOptions IMPATIENT =
            new ServerOptions().closeTimeout(Duration.ofMillis(100));

    private final EndCounter end = new EndCounter();

    @Test
    void closeWaitsForFinallyOfHandlers() throws Exception {
        var gate = new CountDownLatch(1);
        SseHandler handler =
                (request, sse) -> {
                    try {
                        end.sleeper.handle(request, sse);
                    } catch (InterruptedException e) {
                        gate.await();
                        throw e;
                    }
                };
        try (Served served = served(end.app(handler), PATIENT);
                RawClient client = served.client().get("/events")) {
            end.begun().take();
            Thread closing = Thread.startVirtualThread(served.server::close);
            Thread second = Thread.startVirtualThread(served.server::close);
            String all = client.readAll();
            assertTrue(all.contains("retry: ") && all.endsWith(LAST_CHUNK), all);
            assertEquals(0, end.finals());
            gate.countDown();
            closing.join();
            second.join();
            assertEquals(1, end.finals());
            end.assertEndedOnce();
        }
    }

    @Test
    void closeWaitsForOnCloseOfStreamWithoutThread() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var closed = new CountDownLatch(1);
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
        try (Served served = served(app, PATIENT);
                RawClient client = served.client().get("/events")) {
            client.readTo("data: open\n\n");
            while (served.server.stats().handlers() > 0) {
                Thread.onSpinWait(); // The stream continues without its thread.
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
    void handlerThatIgnoresInterruptDoesNotDelayClose() throws Exception {
        var stop = new CountDownLatch(1);
        var running = new CountDownLatch(2);
        SseHandler stubborn =
                (request, sse) -> {
                    running.countDown();
                    awaitStubbornly(stop);
                };
        Microdot app = end.app(stubborn).get("/plain", late(running, stop));
        try (Served served = served(app, IMPATIENT);
                RawClient stream = served.client().get("/events");
                RawClient plain = served.client().get("/plain")) {
            running.await();
            served.server.close();
            assertEquals(2, served.server.stats().handlers());
            assertTrue(stream.readAll().endsWith(LAST_CHUNK));
            plain.readAll();
            stop.countDown();
            end.assertEndedOnce();
        }
    }

    /** Netty leaves connections open if a loop learns while it runs tasks that it is to end. */
    @Http1Only("clients that share a connection have one event loop")
    @Test
    void remainingConnectionsAreClosedWhileTheirLoopIsBusy() throws Exception {
        var stop = new CountDownLatch(1);
        var running = new CountDownLatch(1);
        Set<EventLoop> loops = ConcurrentHashMap.newKeySet();
        Body.StreamWriter noting = sink -> loops.add((EventLoop) sink.loop());
        Microdot app =
                new Microdot()
                        .get("/loop", request -> new Response(new Body.Stream(noting)))
                        .get("/plain", late(running, stop));
        try (Served served = served(app, IMPATIENT);
                RawClient plain = served.client().get("/plain")) {
            running.await();
            while (loops.size() < Runtime.getRuntime().availableProcessors()) {
                try (RawClient stream = served.client()) {
                    stream.get("/loop").readAll();
                }
            }
            loops.forEach(ServerCloseContract::keepBusy);
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
                // Some application code behaves like this.
            }
        }
    }

    @Test
    void handlerThatCloseInterruptsHasNotFailed() throws Exception {
        var entered = new CountDownLatch(1);
        Handler waits =
                request -> {
                    entered.countDown();
                    Thread.sleep(Long.MAX_VALUE);
                    return "";
                };
        try (Served served = served(new Microdot().get("/", waits), IMPATIENT);
                RawClient client = served.client().get("/")) {
            entered.await();
            served.server.close();
            while (served.server.stats().handlers() > 0) {
                Thread.onSpinWait();
            }
            assertEquals(0, served.logged.complaints("failed").size());
            assertEquals("", client.readAll());
        }
    }

    @Test
    void requestInProgressGetsItsResponseWhenServerCloses() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var app = new Microdot().get("/", gated(running, gate));
        try (Served served = served(app, PATIENT);
                RawClient client = served.client().get("/").get("/")) {
            running.await();
            var idle = new RawClient(served.port());
            served.awaitConnections(2); // One that was not yet accepted would be reset.
            Thread closing = Thread.startVirtualThread(served.server::close);
            assertEquals("", idle.readAll());
            gate.countDown();
            String all = client.readAll();
            assertTrue(all.contains("connection: close") && all.endsWith("answer"), all);
            client.close();
            closing.join();
        }
    }

    private static Handler gated(CountDownLatch running, CountDownLatch gate) {
        return request -> {
            running.countDown();
            gate.await();
            return "answer";
        };
    }

    /** Neither an earlier interrupt nor the one by the end of the closing handler's stream. */
    @Test
    void interruptDoesNotShortenClose() throws Exception {
        var running = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var served = new AtomicReference<Served>();
        SseHandler stopping =
                (request, sse) -> {
                    sse.onClose(gate::countDown);
                    Thread.currentThread().interrupt();
                    served.get().server.close();
                };
        var app =
                new Microdot().get("/plain", gated(running, gate)).get("/stop", withSse(stopping));
        try (Served server = served(app, PATIENT);
                RawClient plain = server.client().get("/plain");
                RawClient stop = server.client()) {
            served.set(server);
            running.await();
            stop.get("/stop");
            String all = plain.readAll();
            assertTrue(all.endsWith("answer"), all);
        }
    }

    /** The scheduler may delay the writer's thread; here the test does. */
    @Test
    void streamClosedBeforeItsWriterRunsGetsCheckpoint() throws Exception {
        var topics = new Topics();
        var begun = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var stream = topics.stream("a");
        Handler delayed =
                request -> {
                    Response made = stream.handle(request);
                    var body = (Body.Stream) made.body();
                    var writer = new DelayedWriter(body.writer(), begun, gate);
                    return new Response(new Body.Stream(writer, body.closingFrames()));
                };
        try (Served served = served(new Microdot().get("/events", delayed));
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

    private record DelayedWriter(
            Body.StreamWriter writer, CountDownLatch begun, CountDownLatch gate)
            implements Body.StreamWriter {
        @Override
        public void writeTo(BodySink sink) throws Exception {
            begun.countDown();
            gate.await();
            writer.writeTo(sink);
        }
    }

    @Test
    void handlerCanCloseItsServer() throws Exception {
        var served = new AtomicReference<Served>();
        SseHandler handler =
                (request, sse) -> {
                    sse.send("bye");
                    served.get().server.close();
                };
        try (Served server = served(end.app(handler), IMPATIENT);
                RawClient client = server.client()) {
            served.set(server);
            assertTrue(client.get("/events").readAll().contains("data: bye"));
            end.assertEndedOnce();
        }
    }

    @Test
    void onCloseThatClosesItsServerDoesNotWaitForItself() throws Exception {
        var served = new AtomicReference<Served>();
        var closed = new CountDownLatch(1);
        SseHandler handler =
                (request, sse) -> {
                    sse.onClose(
                            () -> {
                                served.get().server.close();
                                closed.countDown();
                            });
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
}
