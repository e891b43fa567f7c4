package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that ask a stream of topics for JSON, and wait. */
@Timeout(60)
class PollTest {
    private static final int POLLS = 50;

    private final Topics topics = new Topics();
    private final Microdot app =
            new Microdot().get("/a", topics.stream("a")).get("/hello", request -> "hello");

    /** With an id: a poll without one that ends before it knows where it is gets no events. */
    private RawClient poll(Served served) throws Exception {
        String target = "/a?wait=60&after=" + topics.lastEventId();
        String head = "GET " + target + " HTTP/1.1\r\nHost: x\r\n";
        return served.client().send(head + "Accept: application/json\r\n\r\n");
    }

    private List<RawClient> polls(Served served) throws Exception {
        List<RawClient> polls = new ArrayList<>();
        for (int i = 0; i < POLLS; i++) {
            polls.add(poll(served));
            awaitFollowers(i + 1);
        }
        return polls;
    }

    private void awaitFollowers(int count) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (topics.topic("a").followers() < count && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(count, topics.topic("a").followers());
    }

    private static void assertAll(List<RawClient> polls, String expected) throws Exception {
        for (RawClient poll : polls) {
            try (poll) {
                String answer = poll.readText();
                assertTrue(answer.contains(expected), answer);
            }
        }
    }

    @Test
    void waitingPollsDoNotCountAsRequestsAndKeepTheirConnections() throws Exception {
        var options = new ServerOptions().maxRequests(1);
        try (Served served = new Served(app, options, IoMode.best())) {
            List<RawClient> polls = polls(served);
            served.awaitRequests(0);
            assertTrue(
                    served.answer("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .endsWith("hello"));
            assertEquals(0, served.server.stats().requests());
            topics.publish("a", "one");
            for (RawClient poll : polls) {
                assertTrue(poll.readText().contains("\"data\":\"one\""));
            }
            for (RawClient poll : polls) {
                served.awaitIdle(); // The response comes a moment before the permit is returned.
                assertEquals("hello", poll.get("/hello").readText());
                poll.close();
            }
        }
    }

    @Test
    void closingServerAnswersThem() throws Exception {
        var options = new ServerOptions().closeTimeout(Duration.ofSeconds(50));
        try (Served served = new Served(app, options, IoMode.best())) {
            List<RawClient> polls = polls(served);
            served.server.close();
            assertAll(polls, "\"events\":[]");
        }
    }

    @Test
    void drainingServerAnswersThem() throws Exception {
        try (Served served = new Served(app, new ServerOptions(), IoMode.best())) {
            List<RawClient> polls = polls(served);
            var closing =
                    Thread.ofPlatform().start(() -> served.server.close(Duration.ofSeconds(1)));
            assertAll(polls, "\"events\":[]");
            closing.join();
        }
    }

    @Test
    void clientsThatLeaveAreForgotten() throws Exception {
        try (Served served = new Served(app, new ServerOptions(), IoMode.best())) {
            for (RawClient poll : polls(served)) {
                poll.reset();
            }
            served.awaitNothingOpen();
            assertEquals(0, topics.topic("a").followers());
        }
    }
}
