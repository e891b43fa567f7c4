package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import microdot.Logged;
import microdot.internal.UserCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Suppliers that hang, fail and are slow, and who waits for them. */
class SnapshotRunTest {
    private final Topics topics = new Topics();
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicBoolean over = new AtomicBoolean();

    @AfterEach
    void stop() {
        over.set(true);
        release.countDown();
    }

    /** Hangs in its first call. */
    private String hangs() {
        if (calls.incrementAndGet() > 1) {
            return "state";
        }
        begun.countDown();
        try {
            release.await();
        } catch (InterruptedException e) {
            interrupted.countDown();
            return "interrupted";
        }
        return "released";
    }

    private record Client(TestLoop loop, TestFollower follower) {
        List<String> await(int events) {
            return follower.await(events).story();
        }
    }

    /** On an event loop, so that the snapshot is waited for on another thread. */
    private Client client(String... names) {
        var loop = new TestLoop();
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        return new Client(loop, follower.follow(topics.stream(names), null));
    }

    private Snapshots snapshots(String name) {
        TopicState topic = Objects.requireNonNull(topics.registry().existing(name));
        return (Snapshots) Objects.requireNonNull(topic.snapshots());
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(30, TimeUnit.SECONDS));
    }

    @Test
    void supplierIsInterruptedWhenLastClientLeaves() throws Exception {
        topics.topic("a", new TopicOptions().snapshot(this::hangs));
        Client one = client("a");
        Client other = client("a");
        await(begun);
        one.follower.sink.disconnect();
        other.follower.sink.disconnect();
        await(interrupted);
        assertEquals(List.of("snapshot:state"), client("a").await(1), "kept when interrupted");
    }

    @Test
    void supplierGoesOnWhileOneClientWaits() throws Exception {
        topics.topic("a", new TopicOptions().snapshot(this::hangs));
        Client one = client("a");
        Client other = client("a");
        await(begun);
        while (snapshots("a").waiting() < 2) {
            Thread.onSpinWait();
        }
        one.follower.sink.disconnect();
        release.countDown();
        assertEquals(List.of("snapshot:released"), other.await(1));
        assertEquals(1, calls.get());
    }

    @Test
    void handlerThreadThatWaitsGoesOnWhenClientLeaves() throws Exception {
        topics.topic("a", new TopicOptions().snapshot(this::hangs));
        var loop = new TestLoop();
        var follower = new TestFollower(loop);
        Thread handler = Thread.ofVirtual().start(() -> follower.follow(topics.stream("a"), null));
        await(begun);
        follower.sink.disconnect();
        assertTrue(handler.join(Duration.ofSeconds(30)));
        await(interrupted);
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void overdueSupplierIsInterruptedAndItsClientsAreDisconnected() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic(
                    "a",
                    new TopicOptions()
                            .snapshot(this::hangs)
                            .userCodeTimeout(Duration.ofMillis(20)));
            Client one = client("a");
            Client other = client("a");
            var closed = new CountDownLatch(2);
            one.follower.sink.onClose(closed::countDown);
            other.follower.sink.onClose(closed::countDown);
            await(closed);
            await(interrupted);
            assertEquals(List.of("snapshot:state"), client("a").await(1));
            assertEquals(1, log.await(1).size(), log.messages()::toString);
            assertTrue(log.messages().getFirst().contains("\"a\""));
        }
    }

    /** Waits as a lock or a device does, whatever the interrupts. */
    private String ignoresItsInterrupt() {
        calls.incrementAndGet();
        boolean waits = true;
        while (waits) {
            try {
                release.await();
                waits = false;
            } catch (InterruptedException ignored) {
                interrupted.countDown();
            }
        }
        return "released";
    }

    @Test
    void suppliersThatIgnoreTheirInterruptTakeFewThreads() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic("a", new TopicOptions().snapshot(this::ignoresItsInterrupt));
            for (int i = 0; i < 5 * Snapshots.MOST_STUCK; i++) {
                int before = calls.get();
                Client client = client("a");
                while (client.follower.sink.isOpen() && calls.get() == before) {
                    Thread.onSpinWait();
                }
                client.follower.sink.disconnect();
                while (snapshots("a").waiting() > 0) {
                    Thread.onSpinWait();
                }
            }
            assertEquals(Snapshots.MOST_STUCK, calls.get());
            assertEquals(1, log.await(1).size(), log.messages()::toString);
            assertTrue(log.messages().getFirst().contains("\"a\""));
            release.countDown();
            Client later;
            int before;
            do { // It is refused, a moment later, until one of the calls has returned.
                before = calls.get();
                later = client("a");
                while (later.follower.sink.isOpen() && calls.get() == before) {
                    Thread.onSpinWait();
                }
            } while (calls.get() == before);
            assertEquals(List.of("snapshot:released"), later.await(1));
        }
    }

    @Test
    void supplierThatOutlivesItsClientsIsStillKnownToTheWatchdog() throws Exception {
        topics.topic("a", new TopicOptions().snapshot(this::ignoresItsInterrupt));
        Client client = client("a");
        while (calls.get() == 0) {
            Thread.onSpinWait();
        }
        client.follower.sink.disconnect();
        await(interrupted);
        boolean known = false;
        for (UserCode code : UserCode.OfTopics.running()) {
            known |= code.name().contains("topic \"a\"") && code.thread() != null;
        }
        assertTrue(known);
    }

    @Test
    void overdueFilterCallIsGapAndNextEventsFollow() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic("a", new TopicOptions().userCodeTimeout(Duration.ofMillis(20)));
            TopicStream stream =
                    topics.stream("a")
                            .where(
                                    (request, event) -> {
                                        if (!event.data().equals("a2")) {
                                            return true;
                                        }
                                        while (!over.get()) { // It heeds no interrupt.
                                            LockSupport.parkNanos(1_000_000);
                                            if (Thread.interrupted()) {
                                                interrupted.countDown();
                                            }
                                        }
                                        return true;
                                    });
            var loop = new TestLoop();
            TestFollower follower = new TestFollower(loop).follow(stream, null);
            for (int i = 1; i <= 3; i++) {
                topics.publish("a", "a" + i);
            }
            follower.await(3);
            assertEquals(List.of("a1", "gap a failed 1", "a3"), follower.story());
            await(interrupted);
            topics.publish("a", "a4");
            assertEquals("a4", follower.await(4).story().get(3));
        }
    }

    @Test
    void resultBesideChangeIsDiscarded() throws Exception {
        var value = new AtomicInteger();
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    int read = value.get();
                                    if (calls.incrementAndGet() == 1) {
                                        changeElsewhere(value);
                                        throw new IllegalStateException("read beside a change");
                                    }
                                    return "state " + read;
                                }));
        Client client = client("a");
        assertEquals(List.of("snapshot:state 1"), client.await(1));
        assertEquals(2, calls.get());
        topics.publish("a", () -> "change " + value.incrementAndGet());
        assertEquals(List.of("snapshot:state 1", "change 2"), client.await(2));
    }

    private void changeElsewhere(AtomicInteger value) {
        try {
            Thread.ofVirtual()
                    .start(() -> topics.publish("a", () -> "change " + value.incrementAndGet()))
                    .join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Each call lasts until the next change, so that none beside changes can be valid. */
    @Test
    void changesWithoutPauseDoNotStarveSnapshot() throws Exception {
        var value = new AtomicInteger();
        topics.topic(
                "a",
                new TopicOptions()
                        .keepEvents(100_000)
                        .snapshot(
                                () -> {
                                    int read = value.get();
                                    LockSupport.parkNanos(10_000_000);
                                    return "state " + read;
                                }));
        Thread publisher =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    while (!over.get()) {
                                        topics.publish(
                                                "a", () -> "change " + value.incrementAndGet());
                                        LockSupport.parkNanos(900_000);
                                    }
                                });
        for (int i = 0; i < 3; i++) {
            List<String> story = client("a").await(5);
            int state = Integer.parseInt(story.getFirst().substring("snapshot:state ".length()));
            for (int k = 1; k < 5; k++) {
                assertEquals("change " + (state + k), story.get(k));
            }
        }
        over.set(true);
        publisher.join();
    }

    /** Only a publisher can succeed here: every other call sees a change. */
    @Test
    void publisherTakesSnapshotAndIsSparedItsFailure() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            var value = new AtomicInteger();
            var publisher = new CompletableFuture<Thread>();
            topics.topic(
                    "a",
                    new TopicOptions()
                            .snapshot(
                                    () -> {
                                        Thread self = Thread.currentThread();
                                        if (self.equals(publisher.getNow(null))) {
                                            throw new IllegalStateException("thrown by the test");
                                        }
                                        int seen = value.get();
                                        while (value.get() == seen && !over.get()) {
                                            Thread.onSpinWait();
                                        }
                                        return "beside a change";
                                    }));
            var failure = new CompletableFuture<Throwable>();
            Thread thread =
                    Thread.ofPlatform()
                            .daemon()
                            .start(
                                    () -> {
                                        publisher.complete(Thread.currentThread());
                                        try {
                                            while (!over.get()) {
                                                topics.publish("a", value::incrementAndGet);
                                                LockSupport.parkNanos(100_000);
                                            }
                                        } catch (Throwable e) {
                                            failure.complete(e);
                                        }
                                    });
            Client client = client("a");
            var closed = new CountDownLatch(1);
            client.follower.sink.onClose(closed::countDown);
            await(closed);
            over.set(true);
            thread.join();
            assertFalse(failure.isDone());
            assertEquals(1, log.await(1).size(), log.messages()::toString);
        }
    }
}
