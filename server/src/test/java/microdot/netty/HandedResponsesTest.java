package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import microdot.Body;
import microdot.BodySink;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Bodies that handlers have made count before their event loop takes them: the event loops of these
 * tests are blocked meanwhile.
 */
@Timeout(60)
@ParameterizedClass
@EnumSource(Wire.class)
class HandedResponsesTest extends TransportContract {
    private static final int LOOPS = Runtime.getRuntime().availableProcessors();
    private static final int CLIENTS = 10;
    private static final int BODY = 100_000;

    /** What the requests take, which count too. */
    private static final int HEADS = 50_000;

    private static final byte[] SHARED = new byte[BODY];

    private final Wire wire;

    private final Set<Executor> loops = ConcurrentHashMap.newKeySet();
    private final CountDownLatch handlers = new CountDownLatch(1);
    private final CountDownLatch blocked = new CountDownLatch(1);
    private final List<RawClient> clients = new ArrayList<>();

    private final Microdot app =
            new Microdot()
                    .get("/loop", request -> new Response(new Body.Stream(this::note)))
                    .get("/own", request -> body(new byte[BODY]))
                    .get("/shared", request -> body(SHARED));

    HandedResponsesTest(Wire wire) {
        this.wire = wire;
    }

    @Override
    Wire wire() {
        return wire;
    }

    private void note(BodySink sink) {
        loops.add(sink.loop());
    }

    private Response body(byte[] bytes) throws InterruptedException {
        handlers.await();
        return Response.bytes(bytes, "a/b");
    }

    /** Before the server is closed, which would wait for the handlers and loops. */
    private void unblock() {
        handlers.countDown();
        blocked.countDown();
    }

    /** Sends the requests; their handlers respond while the event loops are blocked. */
    private void respondWhileLoopsAreBlocked(Served served, String path) throws Exception {
        for (int i = 0; i < 4 * LOOPS; i++) {
            try (RawClient client = served.client()) {
                client.get("/loop").readAll();
            }
        }
        assertEquals(wire.http2 ? 1 : LOOPS, loops.size());
        for (int i = 0; i < CLIENTS; i++) {
            RawClient client = served.client();
            clients.add(client);
            client.get(path);
        }
        served.awaitRequests(CLIENTS);
        var waiting = new CountDownLatch(loops.size());
        for (Executor loop : loops) {
            loop.execute(
                    () -> {
                        waiting.countDown();
                        awaitUnblocked();
                    });
        }
        waiting.await();
        handlers.countDown();
        served.awaitIdle();
    }

    private void awaitUnblocked() {
        try {
            blocked.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void readAll(Served served) throws Exception {
        blocked.countDown();
        for (RawClient client : clients) {
            assertEquals(BODY, client.readBody().length);
            client.close();
        }
        served.awaitNothingOpen();
        assertEquals(0, served.server.stats().memory());
        assertEquals(0, served.server.stats().waiting());
    }

    private static void assertBetween(long least, long most, long value) {
        assertTrue(least <= value && value <= most, () -> least + " to " + most + ": " + value);
    }

    @Test
    void bodyCountsBeforeItsLoopTakesIt() throws Exception {
        try (Served served = served(app);
                AutoCloseable last = this::unblock) {
            respondWhileLoopsAreBlocked(served, "/own");
            long all = (long) CLIENTS * BODY;
            assertBetween(all, all + HEADS, served.server.stats().memory());
            readAll(served);
        }
    }

    @Test
    void bodyOfManyResponsesCountsOnce() throws Exception {
        try (Served served = served(app);
                AutoCloseable last = this::unblock) {
            respondWhileLoopsAreBlocked(served, "/shared");
            assertBetween(BODY, BODY + HEADS, served.server.stats().memory());
            readAll(served);
        }
    }

    @Test
    void bodiesBeyondTheMemoryAreRejected() throws Exception {
        var options = new ServerOptions().maxMemory(4 * BODY);
        // Of a busy machine, beside the entry about the memory.
        String busy = "blocked a carrier thread";
        try (Served served = served(app, options).expectFailures(1).allowFailures(busy);
                AutoCloseable last = this::unblock) {
            respondWhileLoopsAreBlocked(served, "/own");
            Server.Stats stats = served.server.stats();
            // The memory, a quarter more, and one body: on one connection not even the quarter.
            assertBetween(CLIENTS - (wire.http2 ? 4 : 6), CLIENTS - 3, stats.rejected());
            long kept = (CLIENTS - stats.rejected()) * BODY;
            assertBetween(kept, kept + HEADS, stats.memory());
            blocked.countDown();
            for (RawClient client : clients) {
                client.close();
            }
            served.awaitNothingOpen();
            assertEquals(0, served.server.stats().memory());
        }
    }
}
