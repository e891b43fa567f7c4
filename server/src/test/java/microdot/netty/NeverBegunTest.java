package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import microdot.Body;
import microdot.BodySink;
import microdot.Microdot;
import microdot.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream whose client leaves before the stream begins, while its handler has written already. */
@Timeout(60)
class NeverBegunTest {
    private static final int LOOPS = Runtime.getRuntime().availableProcessors();

    private final LinkedBlockingQueue<BodySink> sinks = new LinkedBlockingQueue<>();
    private final CountDownLatch handled = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    private Microdot app() {
        var app = new Microdot();
        Body.StreamWriter kept =
                sink -> {
                    sink.feed(space -> false);
                    sinks.add(sink);
                };
        app.get("/kept", request -> new Response(new Body.Stream(kept)));
        Body.StreamWriter late =
                sink -> {
                    sink.write("data: late\n\n".getBytes(UTF_8));
                    sink.end();
                    ended.countDown();
                };
        app.get(
                "/late",
                request -> {
                    handled.countDown();
                    answer.await();
                    return new Response(new Body.Stream(late));
                });
        return app;
    }

    @Test
    void bytesOfStreamThatNeverBeganAreDropped() throws Exception {
        // The test fails if bytes of the stream meet the codecs, which stay until it begins.
        try (var served = Served.of(app());
                var client = served.client()) {
            Set<Executor> loops = loops(served);
            client.get("/late");
            handled.await();
            client.shutdownOutput();
            loops(served); // Bytes sent later have arrived, so the half-close has too.
            awaitPoll(loops);
            awaitPoll(loops);
            var release = new CountDownLatch(1);
            loops.forEach(loop -> loop.execute(() -> awaitQuietly(release)));
            answer.countDown();
            ended.await();
            release.countDown();
            assertEquals("", client.readAll());
        }
    }

    /** Returns all event loops; connections are assigned to them in turn. */
    private Set<Executor> loops(Served served) throws Exception {
        var loops = new HashSet<Executor>();
        for (int i = 0; i < LOOPS; i++) {
            try (RawClient client = served.client()) {
                client.get("/kept");
                loops.add(sinks.take().loop());
            }
        }
        assertEquals(LOOPS, loops.size());
        return loops;
    }

    /** Waits until each loop has polled its sockets once. */
    private static void awaitPoll(Set<Executor> loops) throws InterruptedException {
        var turned = new CountDownLatch(loops.size());
        loops.forEach(loop -> loop.execute(turned::countDown));
        turned.await();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
