package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.sse.Sse;
import microdot.sse.SseHandler;

/** An application with one stream that counts how often its handler and its close action ran. */
final class EndCounter {
    static final String LAST_CHUNK = "0\r\n\r\n";

    /** A handler that passes its stream to {@link #begun} and sleeps until it is interrupted. */
    final SseHandler sleeper =
            (request, sse) -> {
                begun().put(sse);
                Thread.sleep(Duration.ofDays(1));
            };

    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger finals = new AtomicInteger();
    private final AtomicInteger closes = new AtomicInteger();
    private final SynchronousQueue<Sse> begun = new SynchronousQueue<>();

    /** Returns an application whose stream at /events runs the handler. */
    Microdot app(SseHandler handler) {
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

    SynchronousQueue<Sse> begun() {
        return begun;
    }

    /** Returns how often the handler's finally block ran. */
    int finals() {
        return finals.get();
    }

    /** Waits until finally and onClose have run, and asserts that each ran once. */
    void assertEndedOnce() throws InterruptedException {
        ended.await();
        closed.await();
        assertEquals(1, finals.get());
        assertEquals(1, closes.get());
    }
}
