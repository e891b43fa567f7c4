package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.internal.NonBlockingHandler;
import org.junit.jupiter.api.Test;

/** How following starts and ends, and what is released afterwards. */
class FollowingTest {
    private final Topics topics = new Topics();
    private final TestLoop loop = new TestLoop();

    @Test
    void followersAreCountedWhileTheyFollow() {
        TestFollower one = TestFollower.of(loop, topics, "a", "b", "a");
        TestFollower two = TestFollower.of(loop, topics, "a");
        assertEquals(2, topics.topic("a").followers());
        assertEquals(1, topics.topic("b").followers());
        one.sink.disconnect();
        one.sink.disconnect();
        assertEquals(1, topics.topic("a").followers());
        two.sink.disconnect();
        loop.run();
        topics.registry().sweep();
        assertEquals(0, topics.topic("a").followers());
        assertEquals(null, topics.registry().existing("a"));
    }

    @Test
    void followerThatLeavesDoesNotMakeOthersMissAnEvent() {
        TestFollower[] followers = new TestFollower[40];
        for (int i = 0; i < followers.length; i++) {
            followers[i] = TestFollower.of(loop, topics, "a");
        }
        for (int i = 0; i < followers.length; i += 3) {
            topics.publish("a", "x" + i);
            loop.step();
            followers[i].sink.disconnect();
            loop.run();
        }
        for (int i = 0; i < followers.length; i++) {
            if (i % 3 != 0) {
                assertEquals(14, followers[i].events().size());
            }
        }
    }

    @Test
    void failingSinkDoesNotAffectOtherFollowers() {
        TestFollower broken = TestFollower.of(loop, topics, "a");
        TestFollower healthy = TestFollower.of(loop, topics, "a");
        broken.sink.failNextPull();
        topics.publish("a", "a1");
        loop.run();
        topics.publish("a", "a2");
        loop.run();
        assertFalse(broken.sink.isOpen());
        assertEquals(List.of("a1", "a2"), healthy.story());
    }

    @Test
    void followAfterDisconnectLeavesNothing() throws Exception {
        var sink = new FakeSink(loop, bytes -> {});
        sink.disconnect();
        topics.followers()
                .follow(
                        sink,
                        List.of("a"),
                        new StartPosition.Wish(null, topics.head(), 0),
                        null,
                        new StreamClosingFrames());
        loop.run();
        assertNothingLeft();
    }

    @Test
    void followAfterDisconnectLeavesNothingWithRetry() {
        topics.topic("a", new TopicOptions().retry(Duration.ofSeconds(1)));
        var sink = new FakeSink(loop, bytes -> {});
        sink.disconnect();
        topics.followers()
                .follow(
                        sink,
                        List.of("a"),
                        new StartPosition.Wish(null, topics.head(), 0),
                        null,
                        new StreamClosingFrames());
        loop.run();
        topics.registry().sweep();
        assertEquals(0, topics.topic("a").followers());
        assertEquals(0, topics.registry().tasks().loops());
    }

    @Test
    void stoppedLoopsAreReleased() {
        TestFollower.of(loop, topics, "a").sink.stall();
        var dead = new TestLoop();
        TestFollower follower = TestFollower.of(dead, topics, "a");
        dead.stop();
        topics.publish("a", "x");
        follower.sink.disconnect();
        TestFollower late = TestFollower.of(dead, topics, "a");
        assertFalse(late.sink.isOpen());
        assertEquals(1, topics.topic("a").followers());
        topics.registry().sweep();
        assertEquals(1, topics.registry().tasks().loops());
        assertEquals(1, Objects.requireNonNull(topics.registry().existing("a")).readers.loops());
    }

    private void assertNothingLeft() {
        topics.registry().sweep();
        assertEquals(null, topics.registry().existing("a"));
        assertEquals(0, topics.registry().tasks().loops());
    }

    @Test
    void snapshotAfterDisconnectIsDropped() {
        FakeSink[] gone = new FakeSink[1];
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    gone[0].disconnect();
                                    loop.run();
                                    return "x";
                                }));
        TestFollower follower = new TestFollower(loop);
        gone[0] = follower.sink;
        follower.follow(topics.stream("a"), null);
        assertEquals("", follower.text());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void handlerGreetsThenFollows() throws Exception {
        var follower = new TestFollower(loop);
        var app = new Microdot();
        var inside = new CompletableFuture<Sse>();
        app.get(
                "/",
                Sse.withSse(
                        (request, sse) -> {
                            sse.send("hello", null, "greeting-1");
                            inside.complete(sse);
                            sse.follow(topics, "a", "b");
                        }));
        var request =
                new Request(
                        "GET", "/", new Headers(), new byte[0], new InetSocketAddress(9), "http");
        Response response = app.route(request).run();
        Thread handler = Thread.ofVirtual().start(() -> write(response, follower));
        Sse sse = inside.get(30, TimeUnit.SECONDS);
        loop.runUntil(() -> topics.topic("b").followers() == 1);
        topics.publish("b", "b1");
        follower.awaitData("b1");
        sse.send("beside");
        follower.awaitData("beside");
        assertThrows(IllegalStateException.class, () -> sse.send("x", null, "own"));
        assertThrows(IllegalStateException.class, () -> sse.follow(topics, "c"));
        assertEquals(List.of("hello", "b1", "beside"), follower.story());
        follower.sink.disconnect();
        assertTrue(handler.join(Duration.ofSeconds(30)));
        assertEquals(0, topics.topic("a").followers());
    }

    private static void write(Response response, TestFollower follower) {
        try {
            ((microdot.Body.Stream) response.body()).writer().writeTo(follower.sink);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void subscriptionFollowsWithinProcess() throws Exception {
        try (Subscription subscription = topics.follow("a", "b")) {
            topics.publish("a", "a1");
            String id = topics.publish("b", Event.of("b1").event("named"));
            assertTrue(subscription.hasNext());
            assertEquals("a1", subscription.next().data());
            Event second = subscription.next();
            assertEquals(List.of("b1", "named", id), asList(second));
            assertEquals(null, subscription.poll(Duration.ZERO));
            topics.publish("a", "a2");
            try (Subscription later = topics.followAfter(id, "a", "b")) {
                assertEquals("a2", later.next().data());
            }
        }
        assertEquals(0, topics.topic("a").followers());
    }

    private static List<Object> asList(Event event) {
        return List.of(event.data(), "" + event.event(), "" + event.id());
    }

    @Test
    void slowSubscriptionGetsGap() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        try (Subscription subscription = topics.follow("a")) {
            topics.publish("a", "a0");
            assertEquals("a0", subscription.next().data());
            for (int i = 1; i <= 5; i++) {
                topics.publish("a", "a" + i);
            }
            long all = 0;
            for (Event event = subscription.next(); ; event = subscription.next()) {
                boolean gap = "gap".equals(event.event());
                Long missed = gap ? TestFollower.TestGap.of(event).missed() : Long.valueOf(1);
                all += Objects.requireNonNull(missed);
                if ("a5".equals(event.data())) {
                    break;
                }
            }
            assertEquals(5, all);
        }
    }

    @Test
    void closeWakesWaitingReader() throws Exception {
        Subscription subscription = topics.follow("a");
        var waiting = new CompletableFuture<Boolean>();
        Thread.ofVirtual().start(() -> waiting.complete(subscription.hasNext()));
        subscription.close();
        assertFalse(waiting.get(30, TimeUnit.SECONDS));
        assertFalse(subscription.hasNext());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void followAfterDisconnectIsNoErrorWithRetry() {
        topics.topic("a", new TopicOptions().retry(Duration.ofSeconds(3)));
        var follower = new TestFollower(loop);
        follower.sink.disconnect();
        follower.follow(topics.stream("a"), null);
        assertEquals("", follower.text());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void handlerFollowResumesByQueryParameter() throws Exception {
        String first = topics.publish("a", "a1");
        topics.publish("a", "a2");
        var follower = new TestFollower(loop);
        var app = new Microdot();
        app.get("/", Sse.withSse((request, sse) -> sse.follow(topics, "a")));
        var request =
                new Request(
                        "GET",
                        "/?last-event-id=" + first,
                        new Headers(),
                        new byte[0],
                        new InetSocketAddress(9),
                        "http");
        Response response = app.route(request).run();
        Thread handler = Thread.ofVirtual().start(() -> write(response, follower));
        loop.runUntil(() -> topics.topic("a").followers() == 1);
        topics.publish("a", "a3");
        follower.awaitData("a3");
        follower.sink.disconnect();
        assertTrue(handler.join(Duration.ofSeconds(30)));
        assertEquals(List.of("a2", "a3"), follower.story());
    }

    @Test
    void subscriptionMayWaitForever() throws Exception {
        try (Subscription subscription = topics.follow("a")) {
            topics.publish("a", "a1");
            Event event = subscription.poll(ChronoUnit.FOREVER.getDuration());
            assertEquals("a1", Objects.requireNonNull(event).data());
        }
    }

    @Test
    void eventLoopDoesNotWaitForLock() throws Exception {
        var held = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        Thread holder =
                Thread.startVirtualThread(
                        () -> topics.registry().order().runIfFree(() -> holdUntil(held, released)));
        held.await();
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        follower.follow(topics.stream("a"), null); // Returns although the lock is held.
        assertEquals(0, topics.topic("a").followers());
        // If the server closed it now, it would reconnect at the position where it is to begin.
        assertEquals(
                "event: checkpoint\nid: " + topics.lastEventId() + "\ndata: \n\nretry: 1000\n\n",
                follower.sink.closingFrames());
        released.countDown();
        holder.join();
        topics.publish("a", "a1");
        assertEquals(List.of("a1"), follower.await(1).story());
        assertEquals(1, topics.topic("a").followers());
    }

    /** Also on a thread that may wait: resumes must not delay publishers, nor they resumes. */
    @Test
    void followerOfKeptEventsBeginsWithoutLock() throws Exception {
        String first = topics.publish("a", "a1");
        topics.publish("a", "a2");
        topics.publish("b", "b1");
        var held = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        Thread holder =
                Thread.startVirtualThread(
                        () -> topics.registry().order().runIfFree(() -> holdUntil(held, released)));
        held.await();
        TestFollower resumed = TestFollower.resuming(loop, topics, first, "a", "b");
        assertEquals(List.of("a2", "b1"), resumed.await(2).story());
        TestFollower fresh = TestFollower.of(loop, topics, "a", "b");
        released.countDown();
        holder.join();
        topics.publish("b", "b2");
        assertEquals(List.of("b2"), fresh.await(1).story());
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
    void eventLoopTakesNoSnapshot() {
        var maker = new AtomicReference<Thread>();
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    maker.set(Thread.currentThread());
                                    return "state";
                                }));
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        follower.follow(topics.stream("a"), null);
        follower.await(1);
        topics.publish("a", "a1");
        assertEquals(List.of("snapshot:state", "a1"), follower.await(2).story());
        assertNotSame(Thread.currentThread(), maker.get());
    }

    @Test
    void streamWithUserCodeMayBlock() {
        var client = new InetSocketAddress(9);
        var request = new Request("GET", "/", new Headers(), new byte[0], client, "http");
        TopicStream plain = topics.stream("a", "b");
        assertFalse(NonBlockingHandler.mayBlock(plain, request));
        assertFalse(NonBlockingHandler.mayBlock(plain.last(1).where((r, event) -> true), request));
        assertTrue(NonBlockingHandler.mayBlock(plain.onOpen((r, sse) -> {}), request));
        assertTrue(NonBlockingHandler.mayBlock(topics.stream(r -> List.of("a")), request));
        topics.topic("b", new TopicOptions().snapshot(() -> "state"));
        assertTrue(NonBlockingHandler.mayBlock(plain, request));
    }

    @Test
    void retryIsSentBeforeEverythingElse() {
        topics.topic("a", new TopicOptions().retry(Duration.ofMillis(1234)));
        topics.publish("a", "a1");
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        follower.follow(topics.stream("b", "a").last(1), null);
        assertTrue(follower.text().startsWith("retry: 1234\n\n"), follower.text());
        assertEquals(List.of("a1"), follower.story());
    }
}
