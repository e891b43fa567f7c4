package microdot.netty;

import static microdot.Microdot.blocking;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers on platform threads. */
@Timeout(60)
class BlockingHandlerTest {
    private final Semaphore never = new Semaphore(0);
    private final BlockingQueue<Thread> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> ended = new LinkedBlockingQueue<>();

    private Object hold() throws InterruptedException {
        begun.add(Thread.currentThread());
        never.acquire();
        return "held";
    }

    private void awaitHandlers(Served served, int count) throws InterruptedException {
        while (served.server.stats().handlers() != count) {
            if (Thread.interrupted()) {
                throw new InterruptedException("not " + count + " handlers in time");
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void blockingHandlerRunsOnAPlatformThread() throws Exception {
        var inner =
                new Microdot()
                        .get("/in", blocking(request -> Thread.currentThread().isVirtual() + ""));
        var app =
                new Microdot()
                        .get("/plain", request -> Thread.currentThread().isVirtual() + "")
                        .mount("/mounted", inner);
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            assertEquals("true", client.get("/plain").readText());
            assertEquals("false", client.get("/mounted/in").readText());
        }
    }

    @Test
    void handlerOfABlockingStreamIsInterruptedWhenItsClientLeaves() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/events",
                                blocking(
                                        withSse(
                                                (request, sse) -> {
                                                    try {
                                                        hold();
                                                    } catch (InterruptedException e) {
                                                        ended.add(e);
                                                        throw e;
                                                    }
                                                })));
        try (Served served = Served.of(app);
                RawClient client = served.client().get("/events")) {
            assertFalse(begun.take().isVirtual());
            client.close();
            ended.take();
        }
    }

    @Test
    void requestsWaitForAThreadAndThenAreRejected() throws Exception {
        var app = new Microdot().get("/hold", blocking(request -> hold()));
        var options = new ServerOptions().blockingThreads(1);
        try (Served served = new Served(app, options, IoMode.best()).expectFailures(1);
                RawClient running = served.client().get("/hold");
                RawClient waiting = served.client();
                RawClient rejected = served.client()) {
            begun.take();
            waiting.get("/hold");
            awaitHandlers(served, 2);
            String head = rejected.get("/hold").readHead();
            assertTrue(head.startsWith("HTTP/1.1 503 "), head);
            assertTrue(head.contains("\r\nRetry-After: "), head);
            try (RawClient source = served.client()) {
                source.send("GET /hold HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
                assertTrue(source.readHead().startsWith("HTTP/1.1 200 "));
                source.readTo("retry: ");
            }
            never.release(2);
            assertEquals("held", running.readText());
            assertEquals("held", waiting.readText());
        }
    }

    @Test
    void requestWhoseClientLeftFreesItsPlaceInTheQueue() throws Exception {
        var app = new Microdot().get("/hold", blocking(request -> hold()));
        var options = new ServerOptions().blockingThreads(1).maxRequests(2);
        try (Served served = new Served(app, options, IoMode.best());
                RawClient running = served.client().get("/hold");
                RawClient waiting = served.client()) {
            begun.take();
            for (int i = 0; i < 3; i++) {
                RawClient leaving = served.client().get("/hold");
                awaitHandlers(served, 2);
                leaving.reset();
                awaitHandlers(served, 1);
            }
            waiting.get("/hold");
            awaitHandlers(served, 2);
            never.release(2);
            assertEquals("held", running.readText());
            assertEquals("held", waiting.readText());
            assertEquals(1, begun.size(), "handlers that ran after the first");
        }
    }

    @Test
    void closeDoesNotWaitForRequestsWithoutAThread() throws Exception {
        var app = new Microdot().get("/hold", blocking(request -> hold()));
        var options = new ServerOptions().blockingThreads(1).closeTimeout(Duration.ofMillis(1));
        try (Served served = new Served(app, options, IoMode.best());
                RawClient running = served.client().get("/hold");
                RawClient waiting = served.client()) {
            begun.take();
            waiting.get("/hold");
            awaitHandlers(served, 2);
            served.server.close();
            awaitHandlers(served, 0);
            assertTrue(begun.isEmpty());
            assertFalse(running.readAll().contains("held"));
        }
    }
}
