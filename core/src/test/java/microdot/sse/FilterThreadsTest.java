package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import microdot.Logged;
import microdot.Microdot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many threads filters take, and what happens to them. */
class FilterThreadsTest extends TopicsFixture {
    private final AtomicInteger calls = new AtomicInteger();
    private final Semaphore tests = new Semaphore(0);
    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private volatile boolean over;

    @AfterEach
    void stop() {
        over = true;
    }

    /** A filter that does not return from this event until it is interrupted. */
    private TopicStream holding(String data, String... names) {
        return topics.stream(names)
                .where(
                        (request, event) -> {
                            if (data.equals(event.data())) {
                                held.countDown();
                                try {
                                    new CountDownLatch(1).await();
                                } catch (InterruptedException e) {
                                    interrupted.countDown();
                                }
                            }
                            return true;
                        });
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(30, TimeUnit.SECONDS));
    }

    private static void awaitFrameworkThreads() {
        var threads = (ForkJoinPool) FrameworkThreads.EXECUTOR;
        assertTrue(threads.awaitQuiescence(30, TimeUnit.SECONDS));
    }

    /** With a second run at the same time, the end of the stream would interrupt only that. */
    @Test
    void filterRunsOnceAtATimeThoughAnotherTopicLags() throws Exception {
        topics.topic("a", new TopicOptions().keepEvents(1));
        var follower = new TestFollower(loop).follow(holding("b1", "a", "b"), null);
        publish("b", 1, 1);
        loop.run();
        await(held);
        publish("a", 1, 3);
        loop.run();
        awaitFrameworkThreads();
        loop.run();
        follower.sink.disconnect();
        await(interrupted);
    }

    @Test
    void lagOfAnotherTopicIsReportedOnceFilterHasReturned() throws Exception {
        topics.topic("a", new TopicOptions().keepEvents(1));
        TestFollower follower =
                new TestFollower(loop)
                        .follow(
                                topics.stream("a", "b")
                                        .where(
                                                (request, event) -> {
                                                    held.countDown();
                                                    tests.acquireUninterruptibly();
                                                    return true;
                                                }),
                                null);
        publish("b", 1, 1);
        loop.run();
        await(held);
        publish("a", 1, 3);
        loop.run();
        tests.release(9);
        assertEquals(List.of("gap a slow 2", "b1", "a3"), follower.await(3).story());
    }

    @Test
    void filterRunsOnceAtATimeThoughAnotherTopicHasEarlierEvents() throws Exception {
        topics.topic("a", new TopicOptions().keepEvents(1).latestBy(e -> "" + e.data()));
        String id = topics.registry().order().epoch().id(0);
        publish("b", 1, 1);
        publish("a", 1, 3);
        var follower = new TestFollower(loop).follow(holding("a2", "a", "b"), id);
        await(held);
        loop.run(); // It has a1, and finds b1 before it.
        follower.sink.disconnect();
        await(interrupted);
    }

    /** It heeds no interrupt, until the test is over. */
    private boolean hang() {
        calls.incrementAndGet();
        while (!over) {
            LockSupport.parkNanos(1_000_000);
            Thread.interrupted();
        }
        return true;
    }

    @Test
    void filterThatNeverReturnsEndsStreamAfterThreeCalls() {
        try (var log = new Logged("microdot.sse")) {
            topics.topic("a", new TopicOptions().userCodeTimeout(Duration.ofMillis(20)));
            TestFollower follower =
                    new TestFollower(loop)
                            .follow(topics.stream("a").where((request, e) -> hang()), null);
            publish("a", 1, 10);
            loop.runUntil(() -> !follower.sink.isOpen());
            assertEquals(3, calls.get());
            assertEquals(
                    List.of("gap a failed 1", "gap a failed 1", "gap a failed 1"),
                    follower.story());
            String last = follower.event(2).id();
            assertEquals(topics.registry().order().epoch().id(3), last);
            log.await(4);
            assertTrue(
                    log.messages().stream()
                            .anyMatch(
                                    text ->
                                            text.contains("GET /")
                                                    && text.contains("userCodeTimeout")),
                    log.messages()::toString);
        }
    }

    @Test
    void filterThatReturnsWhenInterruptedKeepsItsStream() {
        try (var log = new Logged("microdot.sse")) {
            topics.topic("a", new TopicOptions().userCodeTimeout(Duration.ofMillis(20)));
            TestFollower follower =
                    new TestFollower(loop)
                            .follow(
                                    topics.stream("a")
                                            .where(
                                                    (request, event) -> {
                                                        LockSupport.parkNanos(60_000_000_000L);
                                                        return true;
                                                    }),
                                    null);
            publish("a", 1, 6);
            follower.await(6);
            assertTrue(follower.sink.isOpen());
            assertEquals(6, log.await(6).size(), log.messages()::toString);
        }
    }

    /** Clients that reconnect must not leave a thread each time. */
    @Test
    void callsThatNeverReturnAreBoundedForRouteToo() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic("a", new TopicOptions().userCodeTimeout(Duration.ofMillis(20)));
            TopicStream stream = topics.stream("a").where((request, event) -> hang());
            int most = FilterFailures.MOST_STUCK;
            for (int i = 0; i < most; i++) {
                var follower = new TestFollower(loop).follow(stream, null);
                topics.publish("a", "a" + i);
                int begun = i + 1;
                loop.run();
                while (calls.get() < begun) {
                    Thread.onSpinWait();
                }
                follower.sink.disconnect();
            }
            while (topics.followers().failures().stuck("GET /") < most) {
                Thread.onSpinWait();
            }
            var further = new TestFollower(loop).follow(stream, null);
            topics.publish("a", "further");
            loop.runUntil(() -> !further.sink.isOpen());
            assertEquals(most, calls.get());
            over = true;
            while (topics.followers().failures().stuck("GET /") > 0) {
                Thread.onSpinWait();
            }
            var healthy = new TestFollower(loop).follow(stream, null);
            topics.publish("a", "healthy");
            assertEquals(List.of("healthy"), healthy.await(1).story());
            assertFalse(log.messages().isEmpty());
        }
    }

    @Test
    void failureIsLoggedOnceForRouteThoughEachRequestHasItsOwnFilter() {
        try (var log = new Logged("microdot.sse")) {
            var app =
                    new Microdot()
                            .get(
                                    "/rooms/{room}",
                                    request ->
                                            topics.stream("a")
                                                    .where(FilterThreadsTest::failsOnBad)
                                                    .handle(request));
            var one = new TestFollower(loop).follow(app, "/rooms/1");
            var other = new TestFollower(loop).follow(app, "/rooms/2");
            String bad = topics.publish("a", "bad");
            one.await(1);
            other.await(1);
            topics.publish("a", "worse");
            one.await(2);
            other.await(2);
            assertEquals(2, log.await(2).size(), log.messages()::toString);
            String message = log.messages().getFirst();
            assertTrue(message.contains("GET /rooms/{room}"), message);
            assertTrue(message.contains(bad), message);
            assertTrue(message.contains("\"a\""), message);
        }
    }

    private static boolean failsOnBad(microdot.Request request, Event event) {
        throw new IllegalStateException("thrown by the test");
    }
}
