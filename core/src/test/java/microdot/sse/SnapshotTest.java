package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private final Topics topics = new Topics();
    private final TestLoop loop = new TestLoop();
    private final AtomicInteger state = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger();

    private Topic stateful(String name, TopicOptions options) {
        return topics.topic(
                name,
                options.snapshot(
                        () -> {
                            taken.incrementAndGet();
                            return "state " + state.get();
                        }));
    }

    private String change(String topic) {
        return topics.publish(topic, () -> "change " + state.incrementAndGet());
    }

    private TestFollower follow(String... names) {
        return TestFollower.of(loop, topics, names);
    }

    @Test
    void newFollowerGetsSnapshotThenLaterEvents() {
        stateful("a", new TopicOptions());
        change("a");
        String fence = topics.publish("other", "o1");
        TestFollower follower = follow("a");
        change("a");
        loop.run();
        assertEquals(List.of("snapshot:state 1", "change 2"), follower.story());
        assertEquals(fence, follower.event(0).id());
        TestFollower back = TestFollower.resuming(loop, topics, fence, "a");
        assertEquals(List.of("change 2"), back.story());
    }

    @Test
    void oneSnapshotServesAllUntilNextEvent() {
        stateful("a", new TopicOptions());
        follow("a");
        topics.publish("other", "o1");
        TestFollower second = follow("a");
        assertEquals(1, taken.get());
        assertEquals(topics.registry().order().epoch().id(1), second.event(0).id());
        change("a");
        follow("a");
        assertEquals(2, taken.get());
    }

    @Test
    void clientWithGapGetsGapWithoutIdThenSnapshot() {
        stateful("a", new TopicOptions().keepEvents(1));
        String one = change("a");
        change("a");
        String three = change("a");
        TestFollower late = TestFollower.resuming(loop, topics, one, "a");
        assertEquals(List.of("gap a expired null", "snapshot:state 3"), late.story());
        assertNull(late.event(0).id());
        assertEquals(one, late.gap(0).from());
        assertEquals(three, late.gap(0).to());
        assertEquals(three, late.event(1).id());
        TestFollower stranger = TestFollower.resuming(loop, topics, "0123456789-1", "a");
        assertEquals(List.of("gap a restarted null", "snapshot:state 3"), stranger.story());
    }

    @Test
    void slowFollowerGetsExactGapThenSnapshot() {
        stateful("a", new TopicOptions().keepEvents(2));
        TestFollower slow = follow("a");
        change("a");
        loop.run();
        slow.sink.stall();
        loop.run();
        for (int i = 0; i < 5; i++) {
            change("a");
        }
        slow.sink.unstall();
        slow.await(4);
        assertEquals(
                List.of("snapshot:state 0", "change 1", "gap a slow 5", "snapshot:state 6"),
                slow.story());
        assertEquals(5, topics.topic("a").stats().missed());
    }

    /** A client that disconnects between two snapshots must not reconnect as one that has both. */
    @Test
    void onlyLastOfSeveralSnapshotsHasId() {
        stateful("a", new TopicOptions());
        stateful("b", new TopicOptions());
        change("b");
        TestFollower follower = follow("a", "b");
        assertEquals(List.of("snapshot:state 1", "snapshot:state 1"), follower.story());
        assertNull(follower.event(0).id());
        assertNotNull(follower.event(1).id());
    }

    /** An event of another topic has an id, which would claim that the snapshot was delivered. */
    @Test
    void snapshotIsSentBeforeEventsOfOtherTopics() {
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    topics.publish("b", "meanwhile");
                                    topics.publish("b", "and more");
                                    return "state";
                                }));
        topics.publish("b", "before");
        TestFollower follower = follow("b", "a");
        assertEquals(List.of("snapshot:state", "meanwhile", "and more"), follower.story());
        assertEquals(topics.registry().order().epoch().id(1), follower.event(0).id());
    }

    @Test
    void eventDuringSnapshotIsDeliveredAfterItOrInGap() {
        topics.topic(
                "a",
                new TopicOptions()
                        .keepEvents(1)
                        .snapshot(
                                () -> {
                                    if (taken.getAndIncrement() == 0) {
                                        topics.publish("a", "one");
                                        topics.publish("a", "two");
                                    }
                                    return "state " + taken.get();
                                }));
        TestFollower follower = follow("a").await(3);
        assertEquals(
                List.of("snapshot:state 1", "gap a slow 2", "snapshot:state 2"), follower.story());
    }

    @Test
    void suppliersEventKeepsItsName() {
        topics.topic(
                "a", new TopicOptions().snapshot(() -> Event.of("x").event("all").id("ignored")));
        TestFollower follower = follow("a");
        assertEquals(List.of("all:x"), follower.story());
        assertEquals(topics.registry().order().epoch().id(0), follower.event(0).id());
    }

    @Test
    void throwingSupplierEndsStream() {
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    throw new IllegalStateException("thrown by the test");
                                }));
        TestFollower follower = follow("a", "b");
        assertFalse(follower.sink.isOpen());
        assertFalse(follower.sink.endedProperly());
        assertEquals(0, topics.topic("a").followers());
        topics.publish("a", "x");
    }

    @Test
    void throwingChangePublishesNothingAndReleasesLock() throws Exception {
        stateful("a", new TopicOptions());
        try {
            topics.publish(
                    "a",
                    () -> {
                        throw new IllegalArgumentException("thrown by the test");
                    });
        } catch (IllegalArgumentException expected) {
            assertEquals("thrown by the test", expected.getMessage());
        }
        assertEquals(0, topics.topic("a").stats().published());
        var other = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> other.complete(change("a")));
        assertNotNull(other.get(30, TimeUnit.SECONDS));
    }

    /** Publishes beside the first snapshot, so that it contains a change after another event. */
    private TestFollower followWhileOtherTopicPublishes(@Nullable String id) {
        topics.topic(
                "score",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    if (taken.getAndIncrement() == 0) {
                                        publishElsewhere();
                                    }
                                    return "state " + state.get();
                                }));
        TestFollower follower = new TestFollower(loop);
        return follower.follow(topics.stream("news", "score"), id).await(2);
    }

    private void publishElsewhere() {
        try {
            Thread.ofVirtual()
                    .start(
                            () -> {
                                topics.publish("news", Event.of("breaking").event("item"));
                                topics.publish("news", "more");
                                change("score");
                            })
                    .join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void changeInSnapshotIsNoEventAfterReconnectOverSeveralTopics() {
        TestFollower first = followWhileOtherTopicPublishes(null);
        assertEquals(List.of("snapshot:state 1", "item:breaking", "more"), first.story());
        // Disconnected after each of them, with the id that it has got by then.
        for (int i = 0; i < 3; i++) {
            String id = first.event(i).id();
            var again = new TestFollower(loop).follow(topics.stream("news", "score"), id);
            again.await(3 - i);
            List<String> story = new ArrayList<>(first.story().subList(1, 3));
            assertEquals("snapshot:state 1", again.story().getFirst());
            assertEquals(story.subList(i, 2), again.story().subList(1, 3 - i));
        }
        change("score");
        loop.run();
        assertEquals("change 2", first.story().getLast());
        String last = first.event(3).id();
        assertEquals(topics.lastEventId(), last);
        change("score");
        var again = new TestFollower(loop).follow(topics.stream("news", "score"), last);
        assertEquals(List.of("change 3"), again.story());
    }

    /** Its id is then behind its snapshot only until the events before the snapshot are sent. */
    @Test
    void idIsPlainWhereSnapshotContainsNoChangeAfterIt() {
        stateful("a", new TopicOptions());
        change("a");
        topics.publish("b", "b1");
        TestFollower follower = follow("b", "a");
        topics.publish("b", "b2");
        loop.run();
        assertEquals(topics.registry().order().epoch().id(2), follower.event(0).id());
        assertEquals(topics.lastEventId(), follower.event(1).id());
    }
}
