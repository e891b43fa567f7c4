package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes of topics, and the locks of applications around them. */
class ChangesTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Topics topics = new Topics();
    private final AtomicBoolean over = new AtomicBoolean();

    /** State behind its own lock, the change of which is published while the lock is held. */
    private final class Score {
        private int goals;

        synchronized String copy() {
            return "goals " + goals;
        }

        synchronized void goal() {
            topics.publish("score", () -> "goal " + ++goals);
        }

        /** The same without the lock around it: the locks are taken in the other order. */
        void goalInside() {
            topics.publish(
                    "score",
                    () -> {
                        synchronized (this) {
                            return "goal " + ++goals;
                        }
                    });
        }
    }

    @AfterEach
    void stop() {
        over.set(true);
    }

    private Thread follow(int followers, AtomicInteger served) {
        return Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            for (int i = 0; i < followers; i++) {
                                var loop = new TestLoop();
                                TestFollower follower = TestFollower.of(loop, topics, "score");
                                follower.await(1).sink.disconnect();
                                served.incrementAndGet();
                            }
                        });
    }

    @Test
    void snapshotMayTakeLockThatIsHeldAroundChange() throws Exception {
        var score = new Score();
        topics.topic("score", new TopicOptions().snapshot(score::copy));
        var goals = new AtomicInteger();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            while (!over.get()) {
                                score.goal();
                                goals.incrementAndGet();
                                Thread.onSpinWait();
                            }
                        });
        var served = new AtomicInteger();
        assertTrue(follow(300, served).join(LONG), () -> served + " followers served");
        assertTrue(goals.get() > 0);
    }

    @Test
    void locksTakenInBothOrdersDoNotStopTopic() throws Exception {
        var score = new Score();
        topics.topic("score", new TopicOptions().snapshot(score::copy));
        var held = new CountDownLatch(1);
        var inside = new CompletableFuture<String>();
        // One thread holds the application's lock and waits for the change of the other.
        Thread other =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    awaitQuietly(held);
                                    score.goalInside();
                                    inside.complete("done");
                                });
        var refused = new CompletableFuture<Throwable>();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            synchronized (score) {
                                held.countDown();
                                awaitBlocked(other);
                                try {
                                    score.goal();
                                } catch (IllegalStateException e) {
                                    refused.complete(e);
                                }
                            }
                        });
        Throwable message = refused.get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertTrue(message.toString().contains("\"score\""), message::toString);
        assertEquals("done", inside.get(LONG.toSeconds(), TimeUnit.SECONDS));
        assertEquals(1, topics.topic("score").stats().published());
        var served = new AtomicInteger();
        assertTrue(follow(1, served).join(LONG));
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // Nothing signals that a thread is blocked.
    private static void awaitBlocked(Thread thread) {
        while (thread.getState() != Thread.State.BLOCKED) {
            Thread.yield();
        }
    }

    @Test
    void waitForChangeKeepsInterruptFlag() throws Exception {
        var running = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        Thread.ofVirtual()
                .start(
                        () ->
                                topics.publish(
                                        "a",
                                        () -> {
                                            running.countDown();
                                            awaitQuietly(release);
                                            return "first";
                                        }));
        running.await();
        Thread.currentThread().interrupt();
        var thrown =
                assertThrows(
                        IllegalStateException.class, () -> topics.publish("a", () -> "second"));
        assertTrue(Thread.interrupted());
        assertTrue(thrown.toString().contains("\"a\""), thrown::toString);
        release.countDown();
        topics.publish("a", () -> "third");
        assertEquals(2, topics.topic("a").stats().published());
    }

    @Test
    void changeOfOtherTopicWithinChangeIsRefused() {
        var thrown =
                assertThrows(
                        IllegalStateException.class,
                        () -> topics.publish("a", () -> topics.publish("b", () -> "inner")));
        assertTrue(thrown.toString().contains("topic \"a\""), thrown::toString);
        assertEquals(0, topics.topic("a").stats().published());
        assertEquals(0, topics.topic("b").stats().published());
        topics.publish("b", () -> "after");
    }

    @Test
    void changeMayPublishEventsAndChangesOfItsOwnTopic() {
        TestLoop loop = new TestLoop();
        TestFollower follower = TestFollower.of(loop, topics, "a", "b");
        topics.publish(
                "a",
                () -> {
                    topics.publish("b", "plain");
                    topics.publish("a", () -> "inner");
                    return "outer";
                });
        loop.run();
        assertEquals(List.of("plain", "inner", "outer"), follower.story());
    }

    @Test
    void changeWithinSnapshotIsRefused() {
        var refused = new AtomicBoolean();
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    try {
                                        topics.publish("b", () -> "x");
                                    } catch (IllegalStateException e) {
                                        refused.set(true);
                                    }
                                    return "state";
                                }));
        TestLoop loop = new TestLoop();
        assertEquals(
                List.of("snapshot:state"), TestFollower.of(loop, topics, "a").await(1).story());
        assertTrue(refused.get());
        assertFalse(Thread.interrupted());
    }
}
