package microdot.netty;

import static microdot.netty.EndCounter.LAST_CHUNK;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.StreamClosedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A stream that its handler, its client or another thread ends: finally and onClose run once. What
 * the end of the server does is in {@link ServerCloseContract}.
 */
@Timeout(60)
abstract class StreamEndContract extends TransportContract {
    private final EndCounter end = new EndCounter();

    @Test
    void handlerReturnEndsStreamProperly() throws Exception {
        try (Served served = served(end.app((request, sse) -> sse.send("all")));
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.endsWith("\r\ndata: all\n\n\r\n" + LAST_CHUNK), all);
            end.assertEndedOnce();
        }
    }

    @Test
    void handlerFailureEndsStreamWithoutLastChunk() throws Exception {
        SseHandler failing =
                (request, sse) -> {
                    sse.send("some");
                    throw new IllegalStateException("thrown by the test");
                };
        try (Served served = served(end.app(failing)).expectFailures(1);
                RawClient client = served.client()) {
            String all = client.get("/events").readAll();
            assertTrue(all.contains("data: some\n\n"), all);
            assertFalse(all.endsWith(LAST_CHUNK), all);
            end.assertEndedOnce();
        }
    }

    @Test
    void clientCloseEndsStream() throws Exception {
        try (Served served = served(end.app(end.sleeper))) {
            RawClient client = served.client().get("/events");
            end.begun().take();
            client.close();
            end.assertEndedOnce();
        }
    }

    @Test
    void clientHalfCloseEndsStream() throws Exception {
        try (Served served = served(end.app(end.sleeper));
                RawClient client = served.client().get("/events")) {
            end.begun().take();
            client.shutdownOutput();
            end.assertEndedOnce();
            assertFalse(client.readAll().endsWith(LAST_CHUNK));
        }
    }

    @Test
    void clientResetEndsStream() throws Exception {
        try (Served served = served(end.app(end.sleeper))) {
            RawClient client = served.client().get("/events");
            end.begun().take();
            client.reset();
            end.assertEndedOnce();
        }
    }

    @Test
    void closeByAnotherThreadEndsStreamProperly() throws Exception {
        try (Served served = served(end.app(end.sleeper));
                RawClient client = served.client().get("/events")) {
            Sse sse = end.begun().take();
            sse.send("last");
            sse.close();
            sse.close();
            assertFalse(sse.isOpen());
            assertThrows(StreamClosedException.class, () -> sse.send("late"));
            assertTrue(client.readAll().endsWith("data: last\n\n\r\n" + LAST_CHUNK));
            end.assertEndedOnce();
        }
    }

    @Test
    void closeByItsOwnHandlerDoesNotInterruptIt() throws Exception {
        var interrupted = new AtomicReference<Boolean>();
        SseHandler handler =
                (request, sse) -> {
                    sse.close();
                    interrupted.set(Thread.interrupted());
                };
        try (Served served = served(end.app(handler));
                RawClient client = served.client().get("/events")) {
            assertTrue(client.readAll().endsWith(LAST_CHUNK));
            end.assertEndedOnce();
        }
        assertEquals(false, interrupted.get());
    }

    @Test
    void abortEndsStreamOnceWithoutLastChunk() throws Exception {
        var closes = new AtomicInteger();
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

    /**
     * The handler learns of the end before its send fails, so the failed send is not logged as a
     * failure of the handler.
     */
    @Test
    void clientsThatLeaveDuringSendAreNoHandlerFailures() throws Exception {
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
