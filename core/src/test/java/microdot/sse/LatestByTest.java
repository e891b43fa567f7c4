package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import microdot.sse.log.LatestByKey;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An event's name is its key: {@code k1} and so on. */
class LatestByTest {
    private final Topics topics = new Topics();
    private final TestLoop loop = new TestLoop();
    private final String start = topics.registry().order().epoch().id(0);

    private void configure(int keepEvents) {
        topics.topic("a", new TopicOptions().keepEvents(keepEvents).latestBy(LatestByTest::key));
    }

    private static @Nullable String key(Event event) {
        return event.event();
    }

    private void publish(String... events) {
        for (String event : events) {
            String[] parts = event.split(":", -1);
            String name = parts[0].isEmpty() ? null : parts[0];
            topics.publish("a", Event.of(parts[1]).event(name));
        }
    }

    private TestFollower resume(String id, String... names) {
        return TestFollower.resuming(loop, topics, id, names);
    }

    @Test
    void lateFollowerGetsNewestOfEachKeyThenLog() {
        configure(2);
        publish("k1:1", "k2:1", "k1:2", "k3:1", "k2:2", "k4:1");
        assertEquals(List.of("k1:2", "k3:1", "k2:2", "k4:1"), resume(start, "a").story());
    }

    @Test
    void slowFollowerGetsNewestOfEachKey() {
        configure(1);
        TestFollower slow = TestFollower.of(loop, topics, "a");
        slow.sink.stall();
        loop.run();
        publish("k1:1", "k2:1", "k1:2", "k1:3");
        slow.sink.unstall();
        slow.await(2);
        assertEquals(List.of("k2:1", "k1:3"), slow.story());
        assertEquals(0, topics.topic("a").stats().missed());
        assertEquals(2, topics.topic("a").stats().delivered());
    }

    @Test
    void followerDisconnectedInTheMiddleResumesThere() {
        configure(1);
        publish("k1:1", "k2:1", "k3:1", "k4:1");
        TestFollower first = resume(start, "a");
        String second = first.event(1).id();
        assertEquals(List.of("k3:1", "k4:1"), resume("" + second, "a").story());
    }

    @Test
    void trimmedEventWithoutKeyCausesGap() {
        configure(1);
        publish("k1:1", ":none", "k2:1", "k3:1");
        TestFollower late = resume(start, "a");
        assertEquals(List.of("gap a expired null", "k1:1", "k2:1", "k3:1"), late.story());
        assertEquals(topics.registry().order().epoch().id(2), late.gap(0).to());
        assertEquals(start, late.event(0).id());
    }

    /** The newest event that was lost is newer than all remembered events. */
    @Test
    void lossIsReportedOnce() {
        configure(1);
        publish("k1:1", ":none", "k2:1");
        TestFollower late =
                resume(start, "a").awaitData("1").await(event -> "k2".equals(event.event()));
        assertEquals(List.of("gap a expired null", "k1:1", "k2:1"), late.story());
    }

    @Test
    void keysAreLimited() {
        configure(1);
        IntStream.rangeClosed(0, LatestByKey.MAX_KEYS + 1).forEach(i -> publish("k" + i + ":x"));
        TestFollower late = resume(start, "a").await(LatestByKey.MAX_KEYS + 2);
        assertEquals("gap a expired null", late.story().getFirst());
        assertEquals(LatestByKey.MAX_KEYS + 2, late.events().size());
        assertEquals("k" + (LatestByKey.MAX_KEYS + 1), late.events().getLast().event());
    }

    @Test
    void eventsUnderEarlierKeysCauseGap() {
        publish("k1:1", "k2:1");
        topics.options("a", new TopicOptions().keepEvents(1).latestBy(LatestByTest::key));
        publish("k1:2", "k3:1");
        assertEquals(List.of("gap a expired null", "k1:2", "k3:1"), resume(start, "a").story());
        topics.topic("a", new TopicOptions().keepEvents(1));
        assertEquals(List.of("gap a expired null", "k3:1"), resume(start, "a").story());
    }

    @Test
    void rememberedEventsCountTowardsMemoryBudget() {
        var small = new Topics(9_000);
        small.topic("a", new TopicOptions().keepEvents(1).latestBy(LatestByTest::key));
        for (int i = 0; i < 100; i++) {
            small.publish("a", Event.of("x".repeat(500)).event("k" + i));
        }
        var follower =
                TestFollower.resuming(loop, small, small.registry().order().epoch().id(0), "a");
        List<String> story = follower.story();
        assertEquals("gap a expired null", story.getFirst());
        assertTrue(story.size() < 12, () -> "kept: " + story.size());
    }

    @Test
    void gapIsFollowedBySnapshotWhereThereIsOne() {
        topics.topic(
                "a",
                new TopicOptions()
                        .keepEvents(1)
                        .latestBy(LatestByTest::key)
                        .snapshot(() -> "state"));
        publish("k1:1", ":none", "k2:1", "k3:1");
        assertEquals(List.of("gap a expired null", "snapshot:state"), resume(start, "a").story());
        String second = topics.registry().order().epoch().id(2);
        assertEquals(List.of("k2:1", "k3:1"), resume(second, "a").story());
    }

    private static boolean broken(Object data) {
        return data.equals("broken");
    }

    private static String fail() {
        throw new IllegalStateException("thrown by the test");
    }

    /** Half an entry would shift the numbers of all later entries. */
    @Test
    void throwingKeyPublishesNothing() {
        topics.topic(
                "a",
                new TopicOptions()
                        .latestBy(event -> broken(event.data()) ? fail() : "" + event.data()));
        TestFollower follower = TestFollower.of(loop, topics, "a");
        publish("k1:1");
        assertThrows(IllegalStateException.class, () -> publish("k1:broken"));
        publish("k1:2", "k1:3");
        loop.run();
        assertEquals(List.of("k1:1", "k1:2", "k1:3"), follower.story());
        assertEquals(3, topics.topic("a").stats().published());
    }

    @Test
    void throwingKeyInNewSegmentPublishesNothing() {
        topics.topic(
                "a", new TopicOptions().latestBy(event -> broken(event.data()) ? fail() : "k1"));
        TestFollower follower = TestFollower.of(loop, topics, "a");
        assertThrows(IllegalStateException.class, () -> publish("k1:broken"));
        String large = "x".repeat(2000); // Does not fit where "broken" would have gone.
        for (int i = 0; i < 6; i++) {
            publish("k1:" + i + large);
        }
        loop.run();
        assertEquals(6, follower.story().size());
    }

    /** It is no key of the new function, so the event replaces nothing. */
    @Test
    void keyOfReplacedFunctionIsIgnored() {
        boolean[] changed = {false};
        topics.options(
                "a",
                new TopicOptions()
                        .latestBy(
                                event -> {
                                    if (!changed[0]) {
                                        changed[0] = true;
                                        configure(1);
                                        publish("k1:1", "k2:1");
                                    }
                                    return "k1";
                                }));
        publish("k3:1");
        publish("k4:1");
        assertEquals(
                List.of("gap a expired null", "k1:1", "k2:1", "k4:1"), resume(start, "a").story());
    }
}
