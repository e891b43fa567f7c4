package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import microdot.CloseReason;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A topic that ends. */
class ClosedTopicTest extends TopicsFixture {
    private int status(String accept, @Nullable String lastEventId, TopicStream stream) {
        var headers = new Headers();
        headers.set("Accept", accept);
        if (lastEventId != null) {
            headers.set("Last-Event-ID", lastEventId);
        }
        var client = InetSocketAddress.createUnresolved("client", 1);
        var request = new Request("GET", "/", headers, new byte[0], client, "http");
        Response response = new Microdot().get("/", stream).route(request).run();
        return response.status();
    }

    private int status(@Nullable String lastEventId, String... names) {
        return status("text/event-stream", lastEventId, topics.stream(names));
    }

    private static void assertEnded(TestFollower follower) {
        assertTrue(follower.sink.endedProperly(), follower.text());
        assertEquals(CloseReason.TOPIC_CLOSED, follower.sink.closeReason());
    }

    @Test
    void followersGetEverythingThenTheEnd() {
        TestFollower follower = follow("a");
        publish("a", 1, 2);
        topics.topic("a").close();
        loop.run();
        assertEquals(List.of("a1", "a2", "checkpoint:"), follower.story());
        assertEquals(topics.lastEventId(), follower.event(2).id());
        assertEnded(follower);
        assertEquals(204, status(follower.lastEventId(), "a"));
        assertEquals(0, topics.topic("a").followers());
        assertTrue(topics.topic("a").isClosed());
    }

    @Test
    void lastEventAndEndAreOneStep() {
        TestFollower follower = follow("a");
        String id = topics.topic("a").close("done");
        loop.run();
        assertEquals(List.of("done", "checkpoint:"), follower.story());
        assertEquals(id, follower.event(0).id());
        var refused = assertThrows(IllegalStateException.class, () -> topics.publish("a", "late"));
        assertEquals(
                "topic: \"a\" is closed (expected: no publish after its close)",
                refused.getMessage());
        assertThrows(IllegalStateException.class, () -> topics.topic("a").close("late"));
        topics.topic("a").close();
    }

    @Test
    void emptyTopicEnds() {
        TestFollower follower = follow("a");
        topics.topic("a").close();
        loop.run();
        assertEquals(List.of("checkpoint:"), follower.story());
        assertEquals(204, status(follower.lastEventId(), "a"));
        TestFollower late = follow("a");
        assertEquals(List.of("checkpoint:"), late.story());
        assertEnded(late);
    }

    @Test
    void lateClientGetsEverythingThatIsKept() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        publish("a", 1, 3);
        topics.topic("a").close();
        publish("b", 1, 1);
        TestFollower late = follow("a");
        assertEquals(List.of("a2", "a3", "checkpoint:"), late.story());
        assertEnded(late);
        assertEquals(204, status(late.lastEventId(), "a"));
    }

    @Test
    void clientThatResumesGetsTheRest() {
        publish("a", 1, 1);
        String one = topics.lastEventId();
        publish("a", 2, 2);
        String two = topics.lastEventId();
        topics.topic("a").close();
        TestFollower back = resume(one, "a");
        assertEquals(List.of("a2", "checkpoint:"), back.story());
        assertEnded(back);
        assertEquals(200, status(two, "a"));
        assertEquals(List.of("checkpoint:"), resume(two, "a").story());
    }

    @Test
    void clientOfAnotherEpochGetsItsGapFirst() {
        publish("a", 1, 1);
        topics.topic("a").close();
        assertEquals(200, status("0123456789-99", "a"));
        TestFollower restarted = resume("0123456789-99", "a");
        assertEquals(List.of("gap a restarted null", "a1", "checkpoint:"), restarted.story());
        assertEnded(restarted);
    }

    @Test
    void clientWithAnOwnIdGetsTheEnd() {
        topics.publish("a", Event.of("a1").id("mine"));
        topics.topic("a").close();
        assertEquals(List.of("checkpoint:"), resume("mine", "a").story());
    }

    @Test
    void clientBehindAFilterStops() {
        publish("a", 1, 3);
        topics.topic("a").close();
        TestFollower filtered =
                new TestFollower(loop)
                        .follow(topics.stream("a").where((request, event) -> false), null);
        filtered.await(1);
        assertEquals(List.of("checkpoint:"), filtered.story());
        assertEquals(204, status(filtered.lastEventId(), "a"));
    }

    @Test
    void streamEndsWithTheLastOfItsTopics() {
        TestFollower follower = follow("a", "b");
        publish("a", 1, 1);
        topics.topic("a").close();
        loop.run();
        publish("b", 1, 1);
        loop.run();
        assertEquals(List.of("a1", "b1"), follower.story());
        assertTrue(follower.sink.isOpen());
        assertEquals(200, status(follower.lastEventId(), "a", "b"));
        topics.topic("b").close();
        publish("c", 1, 1);
        loop.run();
        assertEquals(List.of("a1", "b1", "checkpoint:"), follower.story());
        assertEnded(follower);
        assertEquals(204, status(follower.lastEventId(), "a", "b"));
        assertEquals(200, status(follower.lastEventId(), "a", "b", "c"));
    }

    @Test
    void newClientOfAClosedAndAnOpenTopicResumesWithoutLoss() {
        publish("b", 1, 1);
        publish("a", 1, 2);
        topics.topic("a").close();
        publish("b", 2, 2);
        TestFollower fresh = follow("a", "b");
        publish("b", 3, 3);
        loop.run();
        assertEquals(List.of("a1", "a2", "checkpoint:", "b3"), fresh.story());
        assertNull(fresh.event(0).id());
        publish("b", 4, 4);
        assertEquals(List.of("b4"), resume(fresh.event(3).id(), "a", "b").story());
    }

    @Test
    void newClientThatIsClosedBeforeDeliveryComesBackAsNew() {
        publish("a", 1, 2);
        topics.topic("a").close();
        var wish = new StartPosition.Wish(null, topics.head(), 0);
        byte[] last =
                topics.followers().beforeDelivery(List.of("a"), wish).after(Duration.ofSeconds(1));
        assertFalse(new String(last, java.nio.charset.StandardCharsets.UTF_8).contains("id:"));
    }

    @Test
    void otherClientsGetTheEndAgain() {
        publish("a", 1, 1);
        topics.topic("a").close();
        assertEquals(200, status("*/*", topics.lastEventId(), topics.stream("a")));
        assertEquals(List.of("checkpoint:"), resume(topics.lastEventId(), "a").story());
    }

    @Test
    void idOfTheEndNeverMovesTheClientBack() {
        publish("a", 1, 1);
        topics.topic("a").close();
        publish("b", 1, 1);
        String later = topics.lastEventId();
        assertEquals(later, resume(later, "a").lastEventId());
    }

    @Test
    void subscriptionEnds() {
        try (Subscription subscription = topics.follow("a")) {
            publish("a", 1, 1);
            topics.topic("a").close();
            assertEquals("a1", subscription.next().data());
            assertEquals("checkpoint", subscription.next().event());
            assertFalse(subscription.hasNext());
        }
    }

    @Test
    void newClientGetsTheSnapshotThenTheEnd() {
        topics.topic("a", new TopicOptions().snapshot(() -> "state"));
        publish("a", 1, 1);
        topics.topic("a").close();
        TestFollower fresh = follow("a").await(2);
        assertEquals(List.of("snapshot:state", "checkpoint:"), fresh.story());
        assertEquals(204, status(fresh.lastEventId(), "a"));
    }

    @Test
    void slowFollowerGetsItsGapThenTheEnd() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        TestFollower slow = follow("a");
        slow.sink.stall();
        loop.run();
        publish("a", 1, 3);
        topics.topic("a").close();
        slow.sink.unstall();
        slow.await(3);
        assertEquals(List.of("gap a slow 2", "a3", "checkpoint:"), slow.story());
        assertEnded(slow);
    }

    @Test
    void endedTopicIsForgottenAfterItsTimeAndItsNameIsRemembered() {
        topics.topic("a", new TopicOptions().keepFor(Duration.ofNanos(1)).latestBy(event -> "k"));
        publish("a", 1, 2);
        String before = topics.lastEventId();
        topics.topic("a").close();
        String end = topics.lastEventId();
        topics.registry().sweep();
        assertNull(topics.registry().existing("a"));
        assertEquals(204, status(end, "a"));
        assertEquals(204, status(before, "a"));
        publish("a", 1, 1);
        assertEquals(204, status(end, "a"));
        assertEquals(204, status(before, "a"));
        assertEquals(200, status(topics.lastEventId(), "a"));
        assertFalse(topics.topic("a").isClosed());
    }

    @Test
    void endedTopicIsKeptForItsTime() {
        topics.topic("a").close();
        topics.registry().sweep();
        assertTrue(topics.topic("a").isClosed());
        assertThrows(IllegalStateException.class, () -> topics.publish("a", "late"));
    }

    @Test
    void removalOpensTheName() {
        publish("a", 1, 1);
        topics.topic("a").close();
        String end = topics.lastEventId();
        topics.remove("a");
        publish("a", 2, 2);
        assertEquals(200, status(end, "a"));
        assertFalse(topics.topic("a").isClosed());
    }

    @Test
    void otherIdsAreNotTakenForTheEndOfAForgottenTopic() {
        topics.options("", new TopicOptions().keepFor(Duration.ofNanos(1)));
        topics.publish("a", Event.of("a1").id("mine"));
        topics.topic("a").close();
        topics.registry().sweep();
        topics.publish("a", Event.of("a2").id("mine too"));
        for (String id : List.of("mine", "mine too", "0123456789-1", "nonsense")) {
            assertEquals(200, status(id, "a"), id);
        }
    }

    @Test
    void removalOpensTheNameOfAForgottenTopic() {
        topics.options("", new TopicOptions().keepFor(Duration.ofNanos(1)));
        topics.topic("a").close();
        String end = topics.lastEventId();
        topics.registry().sweep();
        assertEquals(204, status(end, "a"));
        topics.remove("a");
        assertEquals(200, status(end, "a"));
    }

    @Test
    void changeOfAClosedTopicDoesNotRun() {
        topics.topic("a").close();
        var ran = new AtomicBoolean();
        assertThrows(
                IllegalStateException.class,
                () ->
                        topics.publish(
                                "a",
                                () -> {
                                    ran.set(true);
                                    return "a1";
                                }));
        assertFalse(ran.get());
    }

    @Test
    void lastEventIsNotEvictedBeforeItsFollowersGetIt() {
        var small = new Topics(1);
        TestFollower follower = TestFollower.of(loop, small, "a");
        small.topic("a").close("x".repeat(5000));
        follower.await(2);
        assertEquals(List.of("x".repeat(5000), "checkpoint:"), follower.story());
    }

    @Test
    void onlyTheNewestEndsAreRemembered() {
        var ends = new ArrayList<String>();
        for (int i = 0; i < 10_000; i++) {
            String name = "run" + i;
            topics.topic(name, new TopicOptions().keepFor(Duration.ofNanos(1)));
            publish(name, 1, 3);
            topics.topic(name).close();
            ends.add(topics.lastEventId());
        }
        topics.registry().sweep();
        assertNull(topics.registry().existing("run0"));
        long remembered =
                IntStream.range(0, 10_000)
                        .filter(i -> status(ends.get(i), "run" + i) == 204)
                        .count();
        assertEquals(4096, remembered);
    }

    /** Whatever is cut, a client has everything once and then stops. */
    @Test
    void everyClientGetsEverythingOnceThenStops() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            String a = "a" + round;
            String b = "b" + round;
            List<String> expected = new ArrayList<>();
            List<String> got = new ArrayList<>();
            TestFollower client = follow(a, b);
            @Nullable String id = null;
            boolean ended = false;
            for (int step = 0; step < 30 && !ended; step++) {
                String topic = random.nextBoolean() ? a : b;
                if (!topics.topic(topic).isClosed()) {
                    if (random.nextInt(8) == 0) {
                        topics.topic(topic).close();
                    } else {
                        topics.publish(topic, topic + "/" + step);
                        expected.add(topic + "/" + step);
                    }
                }
                loop.run();
                if (random.nextInt(4) == 0 && client.sink.isOpen()) {
                    id = take(client, got, id);
                    client.sink.disconnect();
                    client = id == null ? follow(a, b) : resume(id, a, b);
                }
                ended = topics.topic(a).isClosed() && topics.topic(b).isClosed();
            }
            topics.topic(a).close();
            topics.topic(b).close();
            loop.run();
            id = take(client, got, id);
            assertFalse(client.sink.isOpen(), "seed " + seed);
            assertEquals(expected, got, "seed " + seed);
            assertEquals(204, status(id, a, b), "seed " + seed);
        }
    }

    private static @Nullable String take(
            TestFollower client, List<String> got, @Nullable String before) {
        client.events().stream()
                .filter(event -> event.event() == null)
                .forEach(event -> got.add(String.valueOf(event.data())));
        String id = client.lastEventId();
        return id == null || id.isEmpty() ? before : id;
    }
}
