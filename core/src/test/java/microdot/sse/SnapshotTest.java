package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
}
