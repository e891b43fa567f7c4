package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that leaves before its response is ready, as the handler sees it. */
@Timeout(60)
abstract class LeavingClientContract extends TransportContract {
    private final BlockingQueue<Request> begun = new LinkedBlockingQueue<>();
    private final BlockingQueue<Object> left = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> ended = new LinkedBlockingQueue<>();
    private final Semaphore work = new Semaphore(0);

    private Object handle(Request request) throws InterruptedException {
        request.onClose(() -> left.add(Thread.currentThread().isVirtual()));
        begun.add(request);
        boolean interrupted = true;
        try {
            work.acquire();
            interrupted = false;
        } finally {
            ended.add(interrupted);
        }
        return "done";
    }

    private final Microdot app =
            new Microdot().get("/work", this::handle).post("/work", this::handle);

    @Test
    void handlerLearnsThatItsClientLeft() throws Exception {
        try (Served served = served(app)) {
            RawClient client = served.client().get("/work");
            Request request = begun.take();
            assertTrue(request.isOpen());
            client.reset();
            assertEquals(true, left.take());
            assertFalse(request.isOpen());
            request.onClose(() -> left.add("late"));
            assertEquals("late", left.take());
            work.release();
            assertEquals(false, ended.take());
        }
        assertTrue(left.isEmpty());
    }

    @Test
    void handlerThatHasReadAPartOfTheBodyLearnsThatItsClientLeft() throws Exception {
        BlockingQueue<Object> read = new LinkedBlockingQueue<>();
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    request.onClose(() -> left.add("left"));
                                    read.add(request.stream().read());
                                    work.acquire();
                                    try {
                                        return request.stream().readAllBytes().length;
                                    } catch (HttpException e) {
                                        read.add(e.status());
                                        throw e;
                                    }
                                });
        try (Served served = served(app)) {
            RawClient client = served.client();
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
            client.send("x".repeat(300_000)); // The handler does not read it: reading is paused.
            assertEquals((int) 'x', read.take());
            client.reset();
            assertEquals("left", left.take());
            work.release();
            assertEquals(400, read.take());
            served.awaitNothingOpen();
        }
    }

    @Http1Only("a client that closes one side during a body")
    @Test
    void handlerIsToldThatTheRestOfItsBodyWillNotCome() throws Exception {
        BlockingQueue<Object> read = new LinkedBlockingQueue<>();
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    read.add(request.stream().read());
                                    work.acquire();
                                    return request.stream().readAllBytes().length;
                                });
        try (Served served = served(app);
                RawClient client = served.client()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
            client.send("x".repeat(300_000));
            assertEquals((int) 'x', read.take());
            client.shutdownOutput();
            work.release();
            String answer = client.readAll();
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
        }
    }

    /** The connection is not read while so many requests wait on it. */
    @Test
    void handlerLearnsThatItsClientLeftAlthoughManyRequestsWait() throws Exception {
        try (Served served = served(app)) {
            RawClient client = served.client().get("/work");
            begun.take();
            client.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000));
            client.reset();
            assertEquals(true, left.take());
            work.release();
            assertEquals(false, ended.take());
        }
    }

    @Test
    void clientThatClosedItsSideStillGetsItsResponse() throws Exception {
        try (Served served = served(app);
                RawClient client = served.client().get("/work").shutdownOutput()) {
            Request request = begun.take();
            assertTrue(request.isOpen());
            work.release();
            assertTrue(client.readAll().endsWith("done"));
        }
        assertTrue(left.isEmpty(), "onClose ran although the client got its response");
    }

    @Test
    void abandonedHandlerIsInterruptedIfTheOptionSaysSo() throws Exception {
        var options = new ServerOptions().interruptAbandoned(true);
        try (Served served = served(app, options)) {
            RawClient client = served.client().get("/work");
            begun.take();
            client.reset();
            assertEquals(true, ended.take());

            RawClient post = served.client();
            post.send("POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            Request posted = begun.take();
            left.take();
            post.reset();
            left.take();
            assertFalse(posted.isOpen());
            work.release();
            assertEquals(false, ended.take());
        }
    }

    @Test
    void requestOfAStreamIsOpenAsLongAsTheStream() throws Exception {
        var streams =
                new Microdot()
                        .beforeRequest(
                                request -> {
                                    request.onClose(() -> left.add("hook"));
                                    return null;
                                })
                        .get(
                                "/events",
                                withSse(
                                        (request, sse) -> {
                                            request.onClose(() -> left.add("handler"));
                                            begun.add(request);
                                            work.acquire();
                                        }));
        try (Served served = served(streams);
                RawClient client = served.client().get("/events")) {
            Request request = begun.take();
            assertTrue(request.isOpen());
            work.release();
            Object first = left.take();
            assertEquals(Set.of("hook", "handler"), Set.of(first, left.take()));
            assertFalse(request.isOpen());
            client.readAll();
        }
    }
}
