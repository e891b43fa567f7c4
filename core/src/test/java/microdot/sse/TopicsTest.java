package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import microdot.Headers;
import org.junit.jupiter.api.Test;

/** Publish, follow, reconnect: what a client reads, event by event. */
class TopicsTest extends TopicsFixture {
    @Test
    void topicsShareOneOrderAndOneIdResumesThem() {
        TestFollower first = follow("a", "b");
        String id = topics.publish("a", "a1");
        topics.publish("b", "b1");
        topics.publish("other", "o1");
        topics.publish("a", Event.of(Map.of("n", 2)).event("count"));
        loop.run();
        assertEquals(List.of("a1", "b1", "count:{\"n\":2}"), first.story());
        assertEquals(id, first.event(0).id());
        assertEquals(List.of("b1", "count:{\"n\":2}"), resume(id, "a", "b").story());
        assertEquals(List.of(), resume(first.lastEventId(), "a", "b").story());
    }

    @Test
    void idIsEpochAndPosition() {
        String first = topics.publish("a", "x");
        String second = topics.publish("b", "x");
        assertTrue(first.matches("[A-Za-z0-9]{10}-1"), first);
        assertEquals(first.replace("-1", "-2"), second);
        assertFalse(new Topics().publish("a", "x").equals(first));
    }

    @Test
    void eventsBeforeFollowAreNotDelivered() {
        publish("a", 1, 3);
        TestFollower follower = follow("a");
        publish("a", 4, 4);
        loop.run();
        assertEquals(List.of("a4"), follower.story());
    }

    @Test
    void lastSendsHistoryToClientsWithoutId() {
        publish("a", 1, 5);
        publish("b", 1, 1);
        TopicStream stream = topics.stream("a", "b").last(2);
        var fresh = new TestFollower(loop).follow(stream, null);
        assertEquals(List.of("a4", "a5", "b1"), fresh.story());
        var known = new TestFollower(loop).follow(stream, fresh.lastEventId());
        assertEquals(List.of(), known.story());
        assertThrows(IllegalArgumentException.class, () -> stream.last(-1));
    }

    @Test
    void headerWinsOverQueryParameter() {
        String one = topics.publish("a", "a1");
        String two = topics.publish("a", "a2");
        publish("a", 3, 3);
        String target = "/?last-event-id=" + one;
        var byQuery = new TestFollower(loop).follow(topics.stream("a"), target, new Headers());
        assertEquals(List.of("a2", "a3"), byQuery.story());
        Headers header = new Headers().add("Last-Event-ID", two);
        var byHeader = new TestFollower(loop).follow(topics.stream("a"), target, header);
        assertEquals(List.of("a3"), byHeader.story());
    }

    @Test
    void publisherIdsAreSentUnchangedAndResume() {
        TestFollower follower = follow("a", "b");
        assertEquals("Größe 1", topics.publish("a", Event.of("a1").id("Größe 1")));
        publish("b", 1, 2);
        loop.run();
        assertEquals("Größe 1", follower.event(0).id());
        assertEquals(List.of("b1", "b2"), resume("Größe 1", "a", "b").story());
        topics.publish("a", Event.of("a2").id("Größe 1"));
        assertEquals(List.of(), resume("Größe 1", "a", "b").story());
    }

    @Test
    void oldestOfEqualPublisherIdsCounts() {
        topics.publish("a", Event.of("a1").id("7"));
        topics.publish("b", Event.of("b1").id("7"));
        assertEquals(List.of("b1"), resume("7", "a", "b").story());
    }

    @Test
    void unknownPublisherIdGetsOneGapAndOnlyNewerEvents() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        topics.publish("a", Event.of("a1").id("one"));
        publish("b", 1, 1);
        publish("a", 2, 3);
        TestFollower back = resume("one", "a", "b").await(2);
        assertEquals(List.of("gap a unknown null", "gap b unknown null"), back.story());
        assertEquals(topics.lastEventId(), back.lastEventId());
        publish("a", 4, 4);
        loop.run();
        assertEquals("a4", back.story().getLast());
        assertEquals(List.of(), resume(back.lastEventId(), "a", "b").story());
    }

    @Test
    void retryIsSentFirst() {
        topics.topic("a", new TopicOptions().retry(Duration.ofSeconds(3)));
        assertEquals("retry: 3000\n\n", follow("a").text());
    }

    @Test
    void misleadingNamesAndIdsAreRejected() {
        for (String name : List.of("gap", "checkpoint")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> topics.publish("a", Event.of("x").event(name)));
        }
        for (String id : List.of("", "0123456789-7", "abcDEF0123-0")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> topics.publish("a", Event.of("x").id(id)),
                    id);
        }
        assertThrows(IllegalArgumentException.class, () -> topics.publish("", "x"));
        assertThrows(IllegalArgumentException.class, () -> topics.publish("x".repeat(257), "x"));
        assertThrows(IllegalArgumentException.class, () -> topics.stream());
        String[] many = IntStream.range(0, 65).mapToObj(i -> "t" + i).toArray(String[]::new);
        assertThrows(IllegalArgumentException.class, () -> topics.stream(many));
        assertEquals(0, topics.head());
    }

    @Test
    void filterPassesAcceptedEvents() {
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a2"));
        var follower = new TestFollower(loop).follow(stream, null);
        publish("a", 1, 3);
        follower.await(2);
        assertEquals(List.of("a1", "a3"), follower.story());
        assertEquals(2, topics.topic("a").stats().delivered());
    }

    @Test
    void filterTestsLatestByKeyToo() {
        topics.topic(
                "a",
                new TopicOptions().keepEvents(1).latestBy(event -> String.valueOf(event.data())));
        publish("a", 1, 4);
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a2"));
        String id = topics.registry().order().epoch().id(0);
        var follower = new TestFollower(loop).follow(stream, id).await(3);
        assertEquals(List.of("a1", "a3", "a4"), follower.story());
    }

    @Test
    void gapBeginsAfterFilteredEvents() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a10"));
        var slow = new TestFollower(loop).follow(stream, null);
        slow.sink.stall();
        publish("a", 1, 10);
        slow.sink.unstall();
        slow.await(1);
        slow.sink.stall();
        publish("a", 11, 20);
        slow.sink.unstall();
        slow.await(3);
        assertEquals(List.of("gap a slow 9", "gap a slow 9", "a20"), slow.story());
        assertEquals(topics.registry().order().epoch().id(10), slow.gap(1).from());
    }

    @Test
    void heartbeatOfQuietStreamCarriesPosition() {
        topics.topic("a", new TopicOptions().checkpoints(true));
        TestFollower follower = follow("a");
        follower.sink.heartbeatNow();
        assertEquals(": \n\n", follower.text());
        String id = topics.publish("other", "o1");
        follower.sink.heartbeatNow();
        assertEquals("checkpoint", follower.event(0).event());
        assertEquals(id, follower.event(0).id());
        assertEquals("", follower.event(0).data());
        follower.sink.heartbeatNow();
        assertEquals(1, follower.events().size());
        publish("a", 1, 1); // not delivered yet: the heartbeat must not pass it by
        follower.sink.heartbeatNow();
        assertEquals(1, follower.events().size());
        loop.run();
        assertEquals(2, follower.events().size());
    }

    @Test
    void heartbeatNeverDisconnectsNorSkips() {
        topics.topic(
                "a",
                new TopicOptions()
                        .keepEvents(1)
                        .checkpoints(true)
                        .onSlow(TopicOptions.OnSlow.DISCONNECT));
        TestFollower follower = follow("a");
        publish("a", 1, 3);
        follower.sink.heartbeatNow();
        loop.run();
        assertTrue(follower.text().contains("retry: "));
        assertTrue(follower.sink.endedProperly());
    }

    @Test
    void otherOptionsForTheSameNameAreRefused() {
        var keep5 = new TopicOptions().keepEvents(5);
        topics.topic("a", keep5).name();
        assertEquals("a", topics.topic("a", new TopicOptions().keepEvents(5)).name());
        assertEquals(
                "options: other ones than before for the topic \"a\" (expected: options that are"
                        + " set once, or the same again; lambdas are the same only as one object)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> topics.topic("a", new TopicOptions().keepEvents(6)))
                        .getMessage());
        topics.remove("a");
        assertEquals("a", topics.topic("a", new TopicOptions().keepEvents(6)).name());
        topics.options("room/", keep5).options("room/", new TopicOptions().keepEvents(5));
        assertThrows(
                IllegalArgumentException.class, () -> topics.options("room/", new TopicOptions()));
        topics.options("room", new TopicOptions());
    }
}
