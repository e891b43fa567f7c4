package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.EventParser;
import microdot.sse.RunHandler;
import microdot.sse.Runs;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs over sockets. */
@Timeout(60)
class RunsOverSocketsTest {
    private static final List<String> WORDS =
            List.of(
                    "a",
                    "",
                    " a longer one ",
                    "two\nlines",
                    "ä€😀",
                    "x".repeat(300),
                    ": no comment");

    private final Topics topics = new Topics(1 << 24);
    private final Runs runs = new Runs(topics);

    private Microdot app(RunHandler handler) {
        return new Microdot()
                .post(
                        "/chat",
                        request -> {
                            Response resumed = runs.resumed(request);
                            return resumed == null
                                    ? runs.stream(request, runs.start(handler))
                                    : resumed;
                        })
                .get("/chat/{id}", runs.stream(request -> request.param("id")));
    }

    /** With HTTP/1.0 the body ends with the connection, without chunks. */
    private static String post(@Nullable String lastEventId) {
        return "POST /chat HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n"
                + (lastEventId == null ? "" : "Last-Event-ID: " + lastEventId + "\r\n")
                + "\r\n";
    }

    @Test
    void closingServerInterruptsRunThatNobodyFollowed() throws Exception {
        var begun = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post(
                                "/job",
                                request ->
                                        runs.start(
                                                        run -> {
                                                            begun.countDown();
                                                            try {
                                                                new Semaphore(0).acquire();
                                                            } finally {
                                                                ended.countDown();
                                                            }
                                                        })
                                                .id());
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(50));
        try (Served served = new Served(app, options, IoMode.best())) {
            served.answer("POST /job HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
            begun.await();
            served.server.close();
            assertEquals(0, ended.getCount());
        }
    }

    @Test
    void closingServerInterruptsRunsAndTheirClientsGetTheEnd() throws Exception {
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(50));
        var begun = new CountDownLatch(2);
        var ended = new CountDownLatch(2);
        RunHandler counted =
                run -> {
                    run.send("begun", "token");
                    begun.countDown();
                    try {
                        new Semaphore(0).acquire();
                    } finally {
                        ended.countDown();
                    }
                };
        try (Served served = new Served(app(counted), options, IoMode.best());
                RawClient client = served.client().send(post(null))) {
            client.readTo("data: begun");
            runs.start("without-a-client", counted);
            begun.await();
            served.server.close();
            assertEquals(0, ended.getCount());
            String rest = client.readAll();
            assertTrue(rest.contains("event: run-stopped"), rest);
            assertTrue(rest.contains("data: closing"), rest);
            assertTrue(rest.contains("event: checkpoint"), rest);
        }
    }

    @Test
    void handlerThatIgnoresTheInterruptIsLoggedWhenTheServerHasClosed() throws Exception {
        var options = new ServerOptions().closeTimeout(Duration.ofMillis(1));
        var done = new CountDownLatch(1);
        RunHandler stubborn =
                run -> {
                    run.send("begun");
                    while (true) {
                        try {
                            done.await();
                            return;
                        } catch (InterruptedException ignored) {
                            // It goes on.
                        }
                    }
                };
        try (Served served = new Served(app(stubborn), options, IoMode.best()).expectFailures(1);
                RawClient client = served.client().send(post(null))) {
            client.readTo("data: begun");
            served.server.close();
            done.countDown();
            String text = "still runs at the end of closeTimeout";
            assertEquals(1, served.logged.complaints(text).size());
        }
    }

    @Test
    void clientThatIsDisconnectedAgainAndAgainGetsTheWholeRunOnce() throws Exception {
        for (int i = 0; i < 20; i++) {
            long seed = new Random().nextLong();
            try {
                disconnectAgainAndAgain(new Random(seed));
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private void disconnectAgainAndAgain(Random random) throws Exception {
        List<String> sent =
                random.ints(random.nextInt(60), 0, WORDS.size()).mapToObj(WORDS::get).toList();
        var started = new AtomicInteger();
        var pauses = new Random(random.nextLong());
        RunHandler handler =
                run -> {
                    started.incrementAndGet();
                    for (String word : sent) {
                        run.send(word, "token");
                        for (int spins = pauses.nextInt(5000); spins > 0; spins--) {
                            Thread.onSpinWait();
                        }
                    }
                };
        List<Event> events = new ArrayList<>();
        String lastEventId = null;
        try (Served served = new Served(app(handler), new ServerOptions(), IoMode.best())) {
            while (true) {
                try (RawClient client = served.client().send(post(lastEventId))) {
                    String head = client.readHead();
                    if (head.contains(" 204 ")) {
                        break;
                    }
                    assertTrue(head.contains(" 200 "), head);
                    var parser = new EventParser(events::add);
                    parser.feed(client.read(random.nextInt(400)));
                    lastEventId =
                            parser.lastEventId().isEmpty() ? lastEventId : parser.lastEventId();
                    client.reset();
                }
            }
        }
        // Without an id, a client is new, and its request starts a run: so it gets all of it.
        List<String> got = new ArrayList<>();
        events.stream()
                .filter(event -> "token".equals(event.event()))
                .forEach(event -> got.add(String.valueOf(event.data())));
        assertEquals(sent, got);
        assertEquals("checkpoint", events.getLast().event());
        assertTrue(started.get() >= 1);
    }
}
