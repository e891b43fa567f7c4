package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What topics keep, and what they trim or evict. */
class RetentionTest extends TopicsFixture {
    @Test
    void topicKeepsLimitedBytesAndAlwaysItsNewestEvent() {
        topics.topic("a", new TopicOptions().keepBytes(1000));
        topics.publish("a", "x".repeat(600));
        topics.publish("a", "y".repeat(600));
        assertEquals(1, topics.topic("a").stats().kept());
        topics.publish("a", "z".repeat(200_000));
        assertEquals(1, topics.topic("a").stats().kept());
        publish("a", 1, 1);
        assertEquals(1, topics.topic("a").stats().kept());
    }

    @Test
    void largeEventArrivesWholeAmongSmallOnes() {
        TestFollower follower = follow("a");
        publish("a", 1, 1);
        String large = "x".repeat(300_000);
        topics.publish("a", large);
        publish("a", 2, 2);
        follower.sink.room(10);
        loop.run();
        assertEquals(List.of("a1", large, "a2"), follower.story());
    }

    @Test
    void oldEventsAreTrimmedAndReportedAsGap() {
        topics.topic("a", new TopicOptions().keepFor(Duration.ofNanos(1)));
        String id = topics.publish("a", "a1");
        publish("a", 2, 2);
        topics.registry().sweep();
        assertEquals(0, topics.topic("a").stats().kept());
        assertEquals(List.of("gap a expired null"), resume(id, "a").story());
    }

    @Test
    void keepForMayBeUnlimited() {
        topics.topic("a", new TopicOptions().keepFor(Duration.ofSeconds(Long.MAX_VALUE)));
        publish("a", 1, 3);
        topics.registry().sweep();
        assertEquals(3, topics.topic("a").stats().kept());
    }

    @Test
    void successorOfForgottenTopicReportsGap() {
        String first = topics.publish("other", "o1");
        TopicState topic = topics.registry().pinned("a");
        publish("a", 1, 1);
        topic.log.trim(System.nanoTime() + Duration.ofHours(1).toNanos());
        topics.registry().sweep();
        assertEquals(1, topics.topic("a").stats().published(), "pinned, it is not forgotten");
        topic.unpin();
        topics.registry().sweep();
        assertNull(topics.registry().existing("a"));
        TestFollower back = resume(first, "a", "other");
        assertEquals(List.of("gap a expired null"), back.story());
        assertEquals(List.of(), resume(first, "never", "other").story());
    }

    @Test
    void memoryBudgetEvictsOldestEventsFirst() {
        var small = new Topics(100_000);
        TestFollower.of(loop, small, "quiet"); // a log without events must not hold up the others
        small.publish("old", "x".repeat(3000));
        for (int i = 0; i < 3000; i++) {
            small.publish("busy" + i % 3, "y".repeat(100));
            long bytes = bytes(small, "old", "busy0", "busy1", "busy2");
            assertTrue(bytes <= 100_000, () -> "kept: " + bytes);
        }
        assertEquals(0, small.topic("old").stats().kept());
        assertTrue(small.topic("busy0").stats().kept() > 20);
    }

    private static long bytes(Topics topics, String... names) {
        return List.of(names).stream().mapToLong(name -> topics.topic(name).stats().bytes()).sum();
    }
}
