package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import microdot.Body;
import microdot.Headers;
import microdot.JsonCodec;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients of topics that have ended, and perhaps were forgotten since. */
@Timeout(60)
class AfterTheEndTest extends TopicsFixture {
    private static final Pattern ID = Pattern.compile("id: .*-(\\d+)");
    private static final TopicOptions SHORT = new TopicOptions().keepFor(Duration.ofNanos(1));

    private Response get(String query, String accept, String... names) {
        var headers = new Headers().set("Accept", accept);
        var client = InetSocketAddress.createUnresolved("client", 1);
        var request = new Request("GET", "/?" + query, headers, new byte[0], client, "http");
        return new Microdot().get("/", topics.stream(names)).route(request).run();
    }

    private int status(String id, String... names) {
        var headers = new Headers().set("Accept", "text/event-stream").set("Last-Event-ID", id);
        var client = InetSocketAddress.createUnresolved("client", 1);
        var request = new Request("GET", "/", headers, new byte[0], client, "http");
        return new Microdot().get("/", topics.stream(names)).route(request).run().status();
    }

    private static List<Integer> ids(TestFollower follower) {
        return ID.matcher(follower.text())
                .results()
                .map((MatchResult found) -> Integer.parseInt(found.group(1)))
                .toList();
    }

    private void end(String name) {
        topics.topic(name).close();
        topics.registry().sweep();
    }

    @Test
    void endOfAnEmptiedTopicIsTheOnlyId() {
        publish("a", 1, 3);
        topics.remove("a");
        topics.topic("a").close();
        publish("b", 1, 20);
        assertEquals(List.of(5), ids(follow("a")));
    }

    @Test
    void heartbeatBeforeTheEndHasNoHigherId() {
        topics.topic("a", new TopicOptions().checkpoints(true));
        TestFollower follower = follow("a");
        publish("a", 1, 1);
        loop.run();
        topics.topic("a").close();
        publish("b", 1, 20);
        follower.sink.heartbeatNow();
        loop.run();
        assertEquals(List.of(1, 2), ids(follower));
    }

    @Test
    void endIsKnownWhileAClientWaitsForTheName() {
        topics.topic("x", SHORT);
        publish("x", 1, 3);
        topics.topic("x").close();
        String end = topics.lastEventId();
        topics.registry().sweep();
        follow("x"); // It begins a new topic of the name.
        assertEquals(204, status(end, "x"));
        for (int i = 0; i < 4200; i++) {
            topics.topic("other" + i, SHORT);
            topics.topic("other" + i).close();
        }
        topics.registry().sweep();
        assertEquals(204, status(end, "x"));
    }

    @Test
    void tableAfterTheEndIsPaced() {
        topics.topic("t", SHORT);
        publish("t", 1, 1);
        String before = topics.lastEventId();
        end("t");
        Table table = topics.table("t", new TableOptions().minInterval(Duration.ofHours(1)));
        publish("other", 1, 1);
        TestFollower follower = resume(before, "t", "other");
        for (int i = 0; i < 5; i++) {
            table.put("a", i);
            loop.run();
        }
        long puts = follower.story().stream().filter(event -> event.startsWith("put")).count();
        assertEquals(1, puts);
    }

    @Test
    void pollOfAForgottenTopicIsClosed() {
        topics.topic("x", SHORT);
        publish("x", 1, 3);
        String before = topics.lastEventId();
        end("x");
        publish("b", 1, 20);
        Response answer = get("after=" + before, "application/json", "x");
        Body.Bytes body = (Body.Bytes) answer.body();
        History page = JsonCodec.standard().decode(body.bytes(), History.class);
        assertTrue(page.closed());
        assertTrue(page.next().endsWith("-4"), page.next());
    }

    @Test
    void runIsStoppedWhileItsLastEventsAreMade() throws Exception {
        var made = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        RunOptions options =
                new RunOptions()
                        .errorText(failure -> "own")
                        .lastEvents(
                                (end, text) -> {
                                    if (text.equals("own")) {
                                        made.countDown();
                                        awaitUnchecked(go);
                                    }
                                    return List.of(Event.of(end.name()));
                                });
        var runs = new Runs(topics, options);
        Run run =
                runs.start(
                        "job",
                        own -> {
                            throw new IllegalStateException("fails");
                        });
        made.await();
        assertTrue(run.isRunning());
        assertTrue(runs.stop("job"));
        assertFalse(run.isRunning());
        go.countDown();
        runs.close();
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
