package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.Logged;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the framework computes for followers, while virtual threads hold every carrier thread. */
@Timeout(60)
class CarrierFreeTest extends TopicsFixture {
    private final List<Thread> holders = new ArrayList<>();
    private volatile boolean stopped;

    @BeforeEach
    void holdCarrierThreads() throws Exception {
        int count = Runtime.getRuntime().availableProcessors();
        var begun = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            holders.add(Thread.startVirtualThread(() -> hold(begun)));
        }
        begun.await();
    }

    private void hold(CountDownLatch begun) {
        begun.countDown();
        while (!stopped) {
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void releaseCarrierThreads() throws Exception {
        stopped = true;
        for (Thread holder : holders) {
            holder.join();
        }
    }

    @Test
    void resumingFollowerGetsItsGap() {
        publish("a", 1, 1);
        assertEquals(List.of("gap a invalid null", "a1"), onLoop("nonsense").await(2).story());
    }

    @Test
    void followerStartsAlthoughAPublisherHeldTheLock() throws Exception {
        var held = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        Thread publisher =
                Thread.ofPlatform()
                        .start(
                                () ->
                                        topics.registry()
                                                .order()
                                                .runIfFree(() -> holdUntil(held, released)));
        held.await();
        TestFollower follower = onLoop(null);
        released.countDown();
        publisher.join();
        publish("a", 1, 1);
        assertEquals(List.of("a1"), follower.await(1).story());
    }

    private static void holdUntil(CountDownLatch held, CountDownLatch released) {
        held.countDown();
        try {
            released.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void slowFollowerGetsItsGap() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        TestFollower slow = onLoop(null);
        slow.sink.stall();
        loop.run();
        publish("a", 1, 3);
        slow.sink.unstall();
        assertEquals(List.of("gap a slow 2", "a3"), slow.await(2).story());
    }

    /** The overdue call, on one carrier thread, is left behind; nothing else may wait for one. */
    @Test
    void gapOfNextTopicFollowsOverdueFilter() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic(
                    "a",
                    new TopicOptions()
                            .keepEvents(1)
                            .latestBy(event -> "" + event.data())
                            .userCodeTimeout(Duration.ofSeconds(1)));
            topics.topic("b", new TopicOptions().keepEvents(1));
            publish("a", 1, 2);
            publish("b", 1, 2);
            var begun = new CountDownLatch(1);
            TopicStream stream =
                    topics.stream("a", "b")
                            .where(
                                    (request, event) -> {
                                        hold(begun);
                                        return true;
                                    });
            releaseCarrierThreads();
            stopped = false;
            holders.clear();
            var follower = new TestFollower(loop);
            follower.sink.onLoop();
            follower.follow(stream, topics.registry().order().epoch().id(0));
            begun.await();
            for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                holders.add(Thread.startVirtualThread(() -> hold(begun)));
            }
            assertEquals("gap b expired null", follower.await(1).story().getFirst());
            stopped = true; // A log entry may wait for a carrier thread.
            assertEquals(1, log.await(1).size(), log.messages()::toString);
        }
    }

    /** Follows as on an event loop, which must not wait. */
    private TestFollower onLoop(@Nullable String lastEventId) {
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        return follower.follow(topics.stream("a"), lastEventId);
    }
}
