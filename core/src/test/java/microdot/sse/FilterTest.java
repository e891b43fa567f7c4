package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import microdot.Logged;
import org.junit.jupiter.api.Test;

/** Filters that are slow, that fail, and whose clients leave. */
class FilterTest extends TopicsFixture {
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    private TopicStream where(Predicate<String> filter, String... names) {
        return topics.stream(names)
                .where(
                        (request, event) -> {
                            String data = String.valueOf(event.data());
                            seen.add(data);
                            return filter.test(data);
                        });
    }

    private TestFollower follow(TopicStream stream) {
        return new TestFollower(loop).follow(stream, null);
    }

    private static boolean fails() {
        throw new IllegalStateException("thrown by the test");
    }

    private static void await(Semaphore semaphore) {
        try {
            assertTrue(semaphore.tryAcquire(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void eventIsSentOnceFilterHasAcceptedIt() {
        var tests = new Semaphore(0);
        TestFollower follower =
                follow(
                        where(
                                data -> {
                                    await(tests);
                                    return !data.equals("a2");
                                },
                                "a"));
        publish("a", 1, 4);
        loop.run();
        tests.release();
        assertEquals(List.of("a1"), follower.await(1).story());
        tests.release(2); // It rejects the second.
        assertEquals(List.of("a1", "a3"), follower.await(2).story());
        tests.release();
        assertEquals(List.of("a1", "a3", "a4"), follower.await(3).story());
    }

    @Test
    void eventsOfSeveralTopicsAreSentOnceAcceptedInOrder() {
        var tests = new Semaphore(0);
        TestFollower follower =
                follow(
                        where(
                                data -> {
                                    await(tests);
                                    return true;
                                },
                                "b",
                                "a"));
        for (int i = 1; i <= 3; i++) {
            publish("a", i, i);
            publish("b", i, i);
        }
        loop.run();
        List<String> all = List.of("a1", "b1", "a2", "b2", "a3", "b3");
        for (int i = 1; i <= all.size(); i++) {
            tests.release();
            assertEquals(all.subList(0, i), follower.await(i).story());
        }
    }

    @Test
    void gapGoesOutBeforeFilterHasTestedWhatFollows() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        var tests = new Semaphore(0);
        String id = topics.registry().order().epoch().id(0);
        publish("a", 1, 3);
        publish("b", 1, 1);
        var follower = new TestFollower(loop);
        follower.follow(
                where(
                        data -> {
                            await(tests);
                            return true;
                        },
                        "a",
                        "b"),
                id);
        assertEquals(List.of("gap a expired null"), follower.await(1).story());
        tests.release(2);
        assertEquals(List.of("gap a expired null", "a3", "b1"), follower.await(3).story());
    }

    @Test
    void latestOfEachKeyIsSentOnceAccepted() {
        topics.topic(
                "a",
                new TopicOptions().keepEvents(1).latestBy(event -> String.valueOf(event.data())));
        publish("a", 1, 4);
        var tests = new Semaphore(0);
        String id = topics.registry().order().epoch().id(0);
        var follower = new TestFollower(loop);
        follower.follow(
                where(
                        data -> {
                            await(tests);
                            return !data.equals("a2");
                        },
                        "a"),
                id);
        tests.release();
        assertEquals(List.of("a1"), follower.await(1).story());
        tests.release(2);
        assertEquals(List.of("a1", "a3"), follower.await(2).story());
        tests.release();
        assertEquals(List.of("a1", "a3", "a4"), follower.await(3).story());
    }

    @Test
    void eventOnWhichFilterFailsIsGapAndIsNotMetAgain() {
        try (var log = new Logged("microdot.sse")) {
            TopicStream stream = where(data -> !data.equals("bad") || fails(), "a");
            TestFollower follower = follow(stream);
            TestFollower healthy = follow("a");
            String one = topics.publish("a", "one");
            String bad = topics.publish("a", "bad");
            topics.publish("a", "three");
            follower.await(3);
            assertEquals(List.of("one", "gap a failed 1", "three"), follower.story());
            assertEquals(one, follower.gap(1).from());
            assertEquals(bad, follower.gap(1).to());
            assertEquals(bad, follower.event(1).id());
            assertEquals(List.of("one", "bad", "three"), healthy.story());
            assertTrue(follower.sink.isOpen());
            seen.clear();
            var again = new TestFollower(loop).follow(stream, bad);
            assertEquals(List.of("three"), again.await(1).story());
            assertEquals(List.of("three"), List.copyOf(seen));
            // Another client gets its gap too, and the log no second entry.
            var other = new TestFollower(loop).follow(stream, one);
            assertEquals(List.of("gap a failed 1", "three"), other.await(2).story());
            assertEquals(1, log.await(1).size());
            String message = log.messages().getFirst();
            assertTrue(message.contains("GET /"), message);
            assertTrue(message.contains(bad), message);
            assertTrue(message.contains("\"a\""), message);
        }
    }

    @Test
    void figuresCountWithheldEventAsMissed() {
        try (var log = new Logged("microdot.sse")) {
            TestFollower follower = follow(where(data -> !data.equals("a2") || fails(), "a"));
            publish("a", 1, 3);
            follower.await(3);
            assertEquals(2, topics.topic("a").stats().delivered());
            assertEquals(1, topics.topic("a").stats().missed());
            assertEquals(1, log.await(1).size());
        }
    }

    @Test
    void errorsOfFilterAreFailures() {
        try (var log = new Logged("microdot.sse")) {
            TestFollower follower =
                    follow(
                            where(
                                    data -> {
                                        throw new StackOverflowError("thrown by the test");
                                    },
                                    "a"));
            publish("a", 1, 2);
            follower.await(2);
            assertEquals(List.of("gap a failed 1", "gap a failed 1"), follower.story());
            assertEquals(2, log.await(2).size());
        }
    }

    @Test
    void filterIsInterruptedWhenClientLeaves() throws Exception {
        var begun = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        TestFollower follower =
                follow(
                        where(
                                data -> {
                                    begun.countDown();
                                    try {
                                        new CountDownLatch(1).await();
                                    } catch (InterruptedException e) {
                                        interrupted.countDown();
                                    }
                                    return true;
                                },
                                "a"));
        publish("a", 1, 2);
        loop.run();
        assertTrue(begun.await(30, TimeUnit.SECONDS));
        follower.sink.disconnect();
        assertTrue(interrupted.await(30, TimeUnit.SECONDS));
        assertEquals(List.of("a1"), List.copyOf(seen));
    }

    @Test
    void streamThatIsClosedWhileFilterRunsGetsPosition() throws Exception {
        var begun = new CountDownLatch(1);
        var release = new Semaphore(0);
        TestFollower follower =
                follow(
                        where(
                                data -> {
                                    if (data.equals("a2")) {
                                        begun.countDown();
                                        await(release);
                                    }
                                    return !data.equals("a1");
                                },
                                "a"));
        publish("a", 1, 3);
        loop.run();
        assertTrue(begun.await(30, TimeUnit.SECONDS));
        String frames = follower.sink.closingFrames();
        assertTrue(frames.startsWith("event: checkpoint\nid: "), frames);
        String id = frames.substring("event: checkpoint\nid: ".length(), frames.indexOf("\ndata"));
        release.release();
        // It is where the filter is, and perhaps before what the filter rejected.
        assertTrue(resume(id, "a").story().containsAll(List.of("a2", "a3")));
    }

    @Test
    void manyEventsPassInOrder() {
        topics.topic("a", new TopicOptions().keepEvents(5_000).keepBytes(1 << 20));
        var calls = new AtomicInteger();
        TestFollower follower =
                follow(where(data -> calls.incrementAndGet() % 3 != 0 || data.endsWith("9"), "a"));
        publish("a", 1, 2_999);
        follower.awaitData("a2999");
        List<String> story = follower.story();
        assertEquals(story.stream().distinct().toList(), story);
        int last = 0;
        for (String data : story) {
            int number = Integer.parseInt(data.substring(1));
            assertTrue(number > last, data);
            last = number;
        }
        assertEquals(2_999, calls.get());
        assertFalse(story.isEmpty());
    }
}
