package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import microdot.Body;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever disconnects or rejects clients, no second brings more reconnects than configured. The
 * moment at which a client gets its delay is known only within bounds: from before the server sent
 * it until the client had it. So only reconnects that certainly lie within a second are counted.
 */
@Timeout(120)
class ReconnectStormTest {
    private static final int CLIENTS = 500;
    private static final int PER_SECOND = 200;
    private static final ServerOptions OPTIONS =
            new ServerOptions()
                    .reconnectsPerSecond(PER_SECOND)
                    .heartbeat(Duration.ofMillis(200)); // So that the timer ticks often.

    /** When the end of each stream began on the server. */
    private final Map<Integer, Long> ending = new ConcurrentHashMap<>();

    private final Topics topics = new Topics();
    private final CountDownLatch opened = new CountDownLatch(CLIENTS);
    private final CountDownLatch ended = new CountDownLatch(CLIENTS);

    private Microdot app() {
        SseHandler handler = (request, sse) -> Thread.sleep(Duration.ofDays(1));
        return new Microdot()
                .get("/streams/{number:int}", request -> noted(request, handler))
                .get("/topic", topics.stream("a"))
                .get("/plain", request -> "plain");
    }

    /**
     * Alternately a stream of a handler and of a topic. Its end is noted before its delay is sent.
     */
    private Response noted(Request request, SseHandler handler) {
        int number = Integer.parseInt(request.param("number"));
        Response stream =
                number % 2 == 0
                        ? Sse.sseResponse(request, handler)
                        : topics.stream("a").handle(request);
        var body = (Body.Stream) stream.body();
        Body.StreamWriter noting =
                sink -> {
                    sink.onClose(() -> ending.put(number, System.nanoTime()));
                    body.writer().writeTo(sink);
                };
        return new Response(new Body.Stream(noting, body.closingFrames()))
                .header("Content-Type", "text/event-stream");
    }

    /** A client that notes how its stream ended. */
    private final class Client implements StreamClient.Reader {
        private final int number;
        private long begun;
        private volatile long end;
        private volatile long retry;
        private volatile boolean properly;

        Client(int number) {
            this.number = number;
        }

        void connect(ClientLoop loop, Served served, String path) {
            begun = System.nanoTime();
            var target = new StreamClient.RequestTarget(served.server.port(), path);
            new StreamClient(loop, StreamClient.address(number), target, null, this);
        }

        @Override
        public void opened(StreamClient client) {
            assertTrue(client.head().startsWith("HTTP/1.1 200 "), client.head());
            opened.countDown();
        }

        @Override
        public void event(StreamClient client, Event event) {
            // Nothing is published. A checkpoint is sent so that the client resumes from there.
            if (!"checkpoint".equals(event.event())) {
                throw new AssertionError("nothing was published, but came: " + event);
            }
        }

        @Override
        public void ended(StreamClient client, boolean whole) {
            end = System.nanoTime();
            properly = whole;
            retry = Objects.requireNonNull(client.retry(), "no retry").toNanos();
            ended.countDown();
        }
    }

    private List<Client> connect(ClientLoop loop, Served served, String path) {
        var clients = new ArrayList<Client>();
        for (int i = 0; i < CLIENTS; i++) {
            var client = new Client(i);
            String own = path.replace("{number}", Integer.toString(i));
            loop.execute(() -> client.connect(loop, served, own));
            clients.add(client);
        }
        return clients;
    }

    private static void await(CountDownLatch latch, ClientLoop loop) throws Exception {
        while (!latch.await(1, TimeUnit.SECONDS)) {
            loop.check();
        }
        loop.check();
    }

    /** Returns the earliest and the latest time at which each client reconnects. */
    private long[][] reconnects(List<Client> clients) {
        return clients.stream()
                .map(
                        client -> {
                            long from = ending.getOrDefault(client.number, client.begun);
                            return new long[] {from + client.retry, client.end + client.retry};
                        })
                .toArray(long[][]::new);
    }

    private void check(String what, List<Client> clients) {
        long second = TimeUnit.SECONDS.toNanos(1);
        long[][] back = reconnects(clients);
        Arrays.sort(back, (a, b) -> Long.compare(a[0], b[0]));
        long peak = 0;
        for (long[] first : back) {
            long until = first[0] + second;
            peak =
                    Math.max(
                            peak,
                            Arrays.stream(back)
                                    .filter(one -> one[0] >= first[0] && one[1] < until)
                                    .count());
        }
        long[] unsure = Arrays.stream(back).mapToLong(one -> one[1] - one[0]).sorted().toArray();
        long[] delays = clients.stream().mapToLong(client -> client.retry).sorted().toArray();
        System.out.printf(
                "%s: at most %d of %d in a second (limit: %d); delays %d to %d ms, each known within"
                        + " %.1f ms (median)%n",
                what,
                peak,
                CLIENTS,
                PER_SECOND,
                delays[0] / 1_000_000,
                delays[CLIENTS - 1] / 1_000_000,
                unsure[CLIENTS / 2] / 1e6);
        assertTrue(peak <= PER_SECOND, "reconnects in one second: " + peak);
        long all = TimeUnit.MILLISECONDS.toNanos(500 + 1001L * CLIENTS / PER_SECOND);
        assertTrue(delays[0] >= second / 2, "delay: " + delays[0] + " ns");
        assertTrue(delays[CLIENTS - 1] <= all, "delay: " + delays[CLIENTS - 1] + " ns");
        assertTrue(clients.stream().allMatch(client -> client.properly), "a stream was aborted");
    }

    @Test
    void drainedClientsReconnectAtTheConfiguredRate() throws Exception {
        try (Served served = new Served(app(), OPTIONS, IoMode.best());
                var loop = new ClientLoop()) {
            List<Client> clients = connect(loop, served, "/streams/{number}");
            await(opened, loop);
            served.server.close(Duration.ofMillis(400));
            await(ended, loop);
            check("drained", clients);
        }
    }

    @Test
    void clientsOfClosedServerReconnectAtTheConfiguredRate() throws Exception {
        try (Served served = new Served(app(), OPTIONS, IoMode.best());
                var loop = new ClientLoop()) {
            List<Client> clients = connect(loop, served, "/streams/{number}");
            await(opened, loop);
            served.server.close();
            await(ended, loop);
            check("stopped", clients);
        }
    }

    @Test
    void clientsOfStreamsAtMaximumAgeReconnectAtTheConfiguredRate() throws Exception {
        var options = OPTIONS.maxStreamAge(Duration.ofMillis(500));
        try (Served served = new Served(app(), options, IoMode.best());
                var loop = new ClientLoop()) {
            List<Client> clients = connect(loop, served, "/streams/{number}");
            await(ended, loop);
            check("at maximum age", clients);
        }
    }

    @Test
    void rejectedClientsReconnectAtTheConfiguredRate() throws Exception {
        try (Served served = new Served(app(), OPTIONS.maxStreams(1), IoMode.best());
                var loop = new ClientLoop();
                RawClient first = served.client()) {
            first.get("/topic").readHead();
            List<Client> clients = connect(loop, served, "/topic");
            await(ended, loop);
            check("rejected", clients);
        }
    }

    @Test
    void drainingServerRejectsStreamsAndServesOtherRequests() throws Exception {
        try (Served served = new Served(app(), OPTIONS, IoMode.best());
                RawClient last = served.client();
                RawClient early = served.client()) {
            last.get("/topic").readHead();
            Future<?> closing =
                    CompletableFuture.runAsync(
                            () -> served.server.close(ChronoUnit.FOREVER.getDuration()));
            awaitRejection(served);
            assertRejected(served);
            assertEquals("plain", early.get("/plain").readText());
            last.close();
            closing.get();
        }
    }

    private static void awaitRejection(Served served) throws Exception {
        String head;
        do {
            try (RawClient client = served.client()) {
                head = client.get("/topic").readHead();
            }
        } while (head.startsWith("HTTP/1.1 200"));
    }

    /** A browser gets 200 with only a retry; other clients get 503. */
    private static void assertRejected(Served served) throws Exception {
        try (RawClient browser = served.client();
                RawClient other = served.client()) {
            browser.send("GET /topic HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
            browser.get("/plain");
            String head = browser.readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
            assertTrue(head.matches("(?is).*\r\ncontent-type: text/event-stream\r\n.*"), head);
            String rest = browser.readTo("HTTP/1.1 200 ");
            assertTrue(rest.matches("retry: \\d+\n\nHTTP/1.1 200 "), rest);
            assertEquals("plain", browser.readText());
            String rejection = other.get("/topic").readHead();
            assertTrue(rejection.startsWith("HTTP/1.1 503 "), rejection);
            assertTrue(rejection.matches("(?is).*\r\nretry-after: [1-9]\\d*\r\n.*"), rejection);
        }
    }
}
