package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.Sse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that leave before their response, and handlers that close their own stream. */
@Timeout(30)
class LeavingClientTest {
    private final Semaphore work = new Semaphore(0);
    private final BlockingQueue<Request> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> left = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    private final Logged frameworkLog = new Logged("microdot");
    private final List<String> answers = new CopyOnWriteArrayList<>();
    private final TestClient client =
            new TestClient(
                    new Microdot()
                            .route("/work", this::handle, "GET", "POST")
                            .afterRequest(
                                    (request, response) -> answers.add("" + response.status()))
                            .errorHandler(Exception.class, (request, error) -> 418));

    private Object handle(Request request) throws InterruptedException {
        request.onClose(() -> left.add(Thread.currentThread().isVirtual()));
        begun.add(request);
        try {
            work.acquire();
        } catch (InterruptedException e) {
            thrown.complete(e);
            throw e;
        }
        return "done";
    }

    @AfterEach
    void closeLog() {
        frameworkLog.close();
    }

    @Test
    void leavingClientRunsOnCloseOnceAndLeavesTheHandlerAlone() throws Exception {
        RunningRequest running = client.request("GET", "/work").start();
        Request request = begun.take();
        assertTrue(request.isOpen());
        running.leave();
        assertFalse(request.isOpen());
        assertEquals(true, left.poll());
        work.release();
        assertEquals("done", running.response().text());
        running.awaitHandler();
        assertTrue(left.isEmpty());
    }

    @Test
    void abandonedGetIsInterruptedAndIsNoFailure() throws Exception {
        RunningRequest running = client.request("GET", "/work").start();
        begun.take();
        running.leaveAndInterrupt();
        thrown.join();
        running.awaitHandler();
        assertEquals(List.of("499"), answers);
        assertEquals(List.of(), frameworkLog.messages());
    }

    @Test
    void abandonedPostIsNotInterrupted() throws Exception {
        RunningRequest running = client.request("POST", "/work").start();
        begun.take();
        running.leaveAndInterrupt();
        work.release();
        assertEquals("done", running.response().text());
        assertFalse(thrown.isDone());
    }

    @Test
    void leavingClientOfAMalformedTargetIsNothing() {
        RunningRequest running = client.request("GET", "/%").start();
        running.leave();
        assertEquals(400, running.response().status());
    }

    @Test
    void streamIsNoPlainResponse() {
        var streams = new Microdot().get("/events", Sse.withSse((request, sse) -> {}));
        RunningRequest running = new TestClient(streams).request("GET", "/events").start();
        assertThrows(AssertionError.class, running::response);
    }

    @Test
    void failureAfterAnOwnCloseIsLogged() {
        try (var log = new Logged("microdot.sse");
                var closing =
                        new TestClient(
                                new Microdot()
                                        .get(
                                                "/events",
                                                Sse.withSse(LeavingClientTest::failClosed)))) {
            closing.stream("/events").awaitEnd();
            assertEquals(
                    List.of("the handler of GET /events failed after it had closed its stream"),
                    log.messages());
            closing.stream("/events?send").awaitEnd();
            assertEquals(1, log.messages().size(), "a send after the close was logged");
        }
    }

    private static void failClosed(Request request, Sse sse) {
        sse.close();
        if (request.query("send") != null) {
            sse.send("late");
        }
        throw new IllegalStateException("as the test wants it");
    }
}
