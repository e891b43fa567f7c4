package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A hundred thousand topics, as they arise where names come from users. */
class QuietTopicsTest {
    private static final int TOPICS = 100_000;

    // A segment's 1 KiB, its index, the log and the topic around it, its name, and its map entry.
    private static final long BYTES_EACH = 2560;

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static String name(int i) {
        return "room/" + i;
    }

    private static void publishToAll(Topics topics) {
        for (int i = 0; i < TOPICS; i++) {
            topics.publish(name(i), "nothing new in here");
        }
    }

    @Test
    void quietTopicTakesLittleHeap() {
        long before = heap();
        var topics = new Topics();
        publishToAll(topics);
        long each = (heap() - before) / TOPICS;
        System.out.println(each + " bytes of heap for each quiet topic");
        assertEquals(1, topics.topic(name(TOPICS - 1)).stats().kept());
        assertTrue(each < BYTES_EACH, () -> each + " bytes each");
    }

    /** As with sensors: a new value every second, and old values are of no use. */
    @Test
    void topicThatKeepsOneEventTakesLittleHeap() {
        int sensors = 100;
        long before = heap();
        var topics = new Topics();
        for (int i = 0; i < sensors; i++) {
            topics.topic(name(i), new TopicOptions().keepEvents(1));
        }
        for (int round = 0; round < 2000; round++) {
            for (int i = 0; i < sensors; i++) {
                topics.publish(name(i), "a value of some length, the number of which is " + round);
            }
        }
        long each = (heap() - before) / sensors;
        assertEquals(1, topics.topic(name(0)).stats().kept());
        assertTrue(each < 3 * BYTES_EACH, () -> each + " bytes each");
    }

    @Test
    void emptyTopicsAreForgottenAndReleaseTheirHeap() {
        long before = heap();
        var topics = new Topics(64 << 10);
        publishToAll(topics);
        assertTrue(topics.topic(name(TOPICS - 1)).stats().kept() > 0);
        topics.registry().sweep();
        assertNull(topics.registry().existing(name(0)));
        assertEquals(new Topic.Stats(0, 0, 0, 0, 0, 0, 0), topics.topic(name(0)).stats());
        long left = heap() - before;
        System.out.println(left + " bytes of heap are left of forgotten topics");
        assertTrue(left < 8 << 20, () -> left + " bytes");
        topics.publish(name(0), "still in use");
    }

    /** Nothing publishes, follows or sweeps meanwhile. */
    @Test
    void sweeperTrimsOldEvents() {
        var topics = new Topics();
        var options = new TopicOptions().keepFor(Duration.ofMillis(1));
        for (int i = 0; i < 1000; i++) {
            topics.topic(name(i), options).publish("x");
        }
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (int i = 0; i < 1000; i++) {
            Topic topic = topics.topic(name(i));
            while (topic.stats().bytes() > 0) {
                assertTrue(System.nanoTime() - patience < 0, () -> "kept: " + topic.stats());
                Thread.onSpinWait();
            }
            assertEquals(0, topic.stats().kept());
            assertEquals(1, topic.stats().published());
        }
    }
}
