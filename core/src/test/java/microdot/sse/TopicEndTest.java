package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Removing a topic, closing all topics, and the options of topics that come and go. */
class TopicEndTest extends TopicsFixture {
    @Test
    void followersOfRemovedTopicGetGapAndFollowTheEmptyTopic() {
        TestFollower current = follow("a", "b");
        TestFollower slow = follow("a");
        publish("a", 1, 1);
        loop.run();
        slow.sink.stall();
        loop.run();
        publish("a", 2, 3);
        loop.run();
        assertTrue(topics.remove("a"));
        publish("a", 4, 4);
        slow.sink.unstall();
        current.await(5);
        slow.await(3);
        assertEquals(List.of("a1", "a2", "a3", "gap a removed null", "a4"), current.story());
        assertEquals(List.of("a1", "gap a removed null", "a4"), slow.story());
        assertEquals(1, topics.topic("a").stats().kept());
        assertEquals(4, topics.topic("a").stats().published());
        assertEquals(List.of(), resume(current.lastEventId(), "a", "b").story());
    }

    @Test
    void clientThatResumesAfterRemovalGetsGap() {
        String id = topics.publish("a", "a1");
        TestFollower follower = follow("a");
        topics.remove("a");
        loop.run();
        assertEquals(List.of("gap a removed null"), resume(id, "a").await(1).story());
        follower.await(1);
        assertFalse(topics.remove("never used"));
    }

    @Test
    void removedTopicHasNoOwnOptionsAndIsForgotten() {
        topics.topic("a", new TopicOptions().keepEvents(1).onSlow(TopicOptions.OnSlow.DISCONNECT));
        publish("a", 1, 1);
        assertTrue(topics.remove("a"));
        assertNull(topics.registry().existing("a"));
        publish("a", 1, 3);
        assertEquals(3, topics.topic("a").stats().kept());
    }

    @Test
    void removalOfTopicThatDisconnectsGivesGapToo() {
        topics.topic("a", new TopicOptions().onSlow(TopicOptions.OnSlow.DISCONNECT));
        TestFollower follower = follow("a");
        topics.remove("a");
        follower.await(1);
        assertEquals(List.of("gap a removed null"), follower.story());
        assertTrue(follower.sink.isOpen());
    }

    @Test
    void removalDropsRememberedKeys() {
        topics.topic("a", new TopicOptions().keepEvents(1).latestBy(event -> "" + event.data()));
        publish("a", 1, 3);
        String start = topics.registry().order().epoch().id(0);
        follow("a");
        topics.remove("a");
        loop.run();
        assertEquals(List.of("gap a removed null"), resume(start, "a").await(1).story());
    }

    @Test
    void closeEndsFollowersOnceTheyHaveEverything() {
        TestFollower follower = follow("a");
        publish("a", 1, 2);
        topics.close();
        loop.run();
        assertEquals(List.of("a1", "a2"), follower.story());
        assertTrue(follower.text().contains("retry: "), follower.text());
        assertTrue(follower.sink.endedProperly());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void closeEndsSubscriptions() {
        try (Subscription subscription = topics.follow("a")) {
            publish("a", 1, 2);
            topics.close();
            assertEquals("a1", subscription.next().data());
            assertEquals("a2", subscription.next().data());
            assertFalse(subscription.hasNext());
        }
    }

    @Test
    void publishAfterCloseIsRefused() {
        topics.close();
        topics.close();
        var refused = assertThrows(IllegalStateException.class, () -> topics.publish("a", "a1"));
        assertEquals(
                "topics: closed (expected: no publish after Topics.close)", refused.getMessage());
        assertEquals(0, topics.topic("a").stats().published());
    }

    @Test
    void prefixThatNoNameHasIsRefused() {
        for (String prefix : List.of("microdot/rooms", "x".repeat(257))) {
            var error =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> topics.options(prefix, new TopicOptions()));
            assertTrue(
                    String.valueOf(error.getMessage()).startsWith("prefix: \""), error::toString);
        }
    }

    @Test
    void longestPrefixOfOptionsWinsAndOwnOptionsWinOverAll() {
        topics.topic("room/own", new TopicOptions().keepEvents(4));
        publish("room/old", 1, 5);
        topics.options("room/", new TopicOptions().keepEvents(2));
        topics.options("room/big/", new TopicOptions().keepEvents(3));
        for (String name : List.of("room/old", "room/new", "room/big/1", "room/own", "hall")) {
            publish(name, 1, 5);
        }
        assertEquals(2, topics.topic("room/old").stats().kept());
        assertEquals(2, topics.topic("room/new").stats().kept());
        assertEquals(3, topics.topic("room/big/1").stats().kept());
        assertEquals(4, topics.topic("room/own").stats().kept());
        assertEquals(5, topics.topic("hall").stats().kept());
    }

    @Test
    void topicsWithOptionsByPrefixAreForgotten() {
        topics.options("room/", new TopicOptions().keepFor(Duration.ofNanos(1)));
        publish("room/1", 1, 1);
        assertNotNull(topics.registry().existing("room/1"));
        topics.registry().sweep();
        assertNull(topics.registry().existing("room/1"));
    }

    @Test
    void snapshotByPrefixIsTakenForTopicThatIsNew() {
        topics.options("room/", new TopicOptions().snapshot(() -> "empty room"));
        TestFollower follower = follow("room/1").await(1);
        assertEquals(List.of("snapshot:empty room"), follower.story());
    }

    @Test
    void reservedNamesAreRefused() {
        for (String name :
                List.of("gap", "checkpoint", "snapshot", "put", "remove", "heartbeat", "status")) {
            assertRefused(name);
        }
        assertRefused("run-end");
        topics.publish("a", Event.of("x").event("running"));
        topics.topic("a", new TopicOptions().snapshot(() -> Event.of("s").event("snapshot")));
        assertEquals(List.of("snapshot:s"), follow("a").await(1).story());
    }

    private void assertRefused(String name) {
        assertThrows(
                IllegalArgumentException.class,
                () -> topics.publish("a", Event.of("x").event(name)),
                name);
    }

    private void endAndForget(String name) {
        topics.topic(name, new TopicOptions().keepFor(Duration.ofNanos(1)));
        topics.publish(name, "before");
        topics.topic(name).close();
        topics.registry().sweep();
        assertNull(topics.registry().existing(name));
    }

    @Test
    void streamEndsAlthoughOneOfItsTopicsWasForgottenAfterItsEnd() {
        endAndForget("a");
        String id = topics.publish("b", "b1");
        TestFollower client = resume(id, "a", "b");
        TestFollower other = resume(id, "a", "b");
        topics.topic("b").close("b2");
        loop.runUntil(() -> !client.sink.isOpen() && !other.sink.isOpen());
        assertEquals(List.of("b2", "checkpoint:"), client.story());
        String end = Objects.requireNonNull(client.lastEventId());
        follow("a"); // It makes the topic anew, and waits.
        assertTrue(topics.registry().ends().isOver(List.of("a", "b"), end));
        topics.publish("a", "a new one");
        assertFalse(topics.registry().ends().isOver(List.of("a", "b"), end));
        assertEquals(List.of("a new one"), resume(end, "a", "b").story());
    }

    @Test
    void topicThatIsPublishedAnewGoesOnInStreamsOfItsFormerClients() {
        endAndForget("a");
        String id = topics.publish("b", "b1");
        TestFollower client = resume(id, "a", "b");
        topics.publish("a", "a new one");
        topics.topic("b").close();
        client.awaitData("a new one");
        assertTrue(client.sink.isOpen());
        topics.topic("a").close();
        loop.runUntil(() -> !client.sink.isOpen());
    }

    @Test
    void clientThatWaitsForNewTopicOfNameIsNotStopped() {
        endAndForget("a");
        topics.publish("other", "later");
        TestFollower client = follow("a");
        client.sink.close();
        String id = Objects.requireNonNull(client.lastEventId());
        topics.registry().sweep();
        assertFalse(topics.registry().ends().isOver(List.of("a"), id));
        TestFollower again = resume(id, "a");
        assertTrue(again.sink.isOpen());
        topics.publish("a", "a new one");
        again.awaitData("a new one");
    }
}
