package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import microdot.Logged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Snapshots that a publisher takes, and those that fail in the framework. */
class SnapshotHelperTest {
    private final Topics topics = new Topics();
    private final AtomicInteger value = new AtomicInteger();
    private final CompletableFuture<Thread> publisher = new CompletableFuture<>();
    private final CountDownLatch helping = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final AtomicBoolean over = new AtomicBoolean();

    @AfterEach
    void stop() {
        over.set(true);
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(30, TimeUnit.SECONDS));
    }

    /** Every call beside a change is discarded; the publisher's first call hangs. */
    private String hangsOnPublisher() {
        if (Thread.currentThread().equals(publisher.getNow(null)) && helping.getCount() > 0) {
            helping.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
            return "interrupted";
        }
        int seen = value.get();
        while (value.get() == seen && interrupted.getCount() > 0 && !over.get()) {
            Thread.onSpinWait();
        }
        return "state " + seen;
    }

    /** Publishes until the test is over; the result is whether it was ever interrupted. */
    private CompletableFuture<Boolean> publishes() {
        var result = new CompletableFuture<Boolean>();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            publisher.complete(Thread.currentThread());
                            boolean found = false;
                            while (!over.get() && !found) {
                                topics.publish("a", value::incrementAndGet);
                                found = Thread.currentThread().isInterrupted();
                                LockSupport.parkNanos(100_000);
                            }
                            result.complete(found);
                        });
        return result;
    }

    private TestFollower client() {
        var follower = new TestFollower(new TestLoop());
        follower.sink.onLoop();
        return follower.follow(topics.stream("a"), null);
    }

    @Test
    void overdueSupplierOnPublisherIsInterrupted() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            topics.topic(
                    "a",
                    new TopicOptions()
                            .snapshot(this::hangsOnPublisher)
                            .userCodeTimeout(Duration.ofMillis(300)));
            CompletableFuture<Boolean> published = publishes();
            TestFollower client = client();
            var closed = new CountDownLatch(1);
            client.sink.onClose(closed::countDown);
            await(helping);
            await(closed);
            await(interrupted);
            int reached = value.get();
            while (value.get() <= reached) {
                Thread.onSpinWait(); // The publisher continues.
            }
            over.set(true);
            assertFalse(published.get(30, TimeUnit.SECONDS), "its thread stays interrupted");
            assertEquals(1, log.await(1).size(), log.messages()::toString);
            Throwable failure = log.firstThrown();
            assertTrue(
                    Arrays.stream(failure.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("hangsOnPublisher")),
                    "the stack is that of another thread");
        }
    }

    @Test
    void supplierOnPublisherIsInterruptedWhenLastClientLeaves() throws Exception {
        topics.topic("a", new TopicOptions().snapshot(this::hangsOnPublisher));
        CompletableFuture<Boolean> published = publishes();
        TestFollower client = client();
        await(helping);
        client.sink.disconnect();
        await(interrupted);
        over.set(true);
        assertFalse(published.get(30, TimeUnit.SECONDS), "its thread stays interrupted");
    }

    /** Whatever a computation throws, its clients do not wait for ever. */
    @Test
    void errorBesidesSupplierFailsAllClients() throws Exception {
        try (var log = new Logged("microdot.sse")) {
            var failure = new OutOfMemoryError("thrown by the test");
            var run =
                    new SnapshotRun(
                            "a",
                            new Changes("a"),
                            started -> new Snapshot(encoded(), null, 0, 0, started),
                            snapshot -> {
                                throw failure;
                            },
                            TimeUnit.SECONDS.toNanos(30),
                            new AtomicInteger());
            var clients = List.of(new SnapshotTicket(), new SnapshotTicket());
            clients.forEach(run::join);
            var outcome = new CompletableFuture<Throwable>();
            Thread.ofPlatform()
                    .daemon()
                    .start(
                            () -> {
                                for (SnapshotTicket client : clients) {
                                    outcome.complete(
                                            assertThrows(
                                                    SnapshotTicket.Failed.class, client::await));
                                }
                            });
            run.start();
            Throwable thrown = outcome.get(30, TimeUnit.SECONDS);
            assertInstanceOf(OutOfMemoryError.class, thrown.getCause());
            assertEquals(1, log.await(1).size(), log.messages()::toString);
        }
    }

    private static microdot.sse.log.EncodedEvent encoded() {
        return EventEncoder.encodeWithoutId(Event.of("state"), microdot.JsonCodec.standard());
    }

    @Test
    void userCodeTimeoutIsChecked() {
        assertEquals(Duration.ofSeconds(30), new TopicOptions().userCodeTimeout());
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
            var thrown =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> new TopicOptions().userCodeTimeout(wrong));
            assertTrue(String.valueOf(thrown.getMessage()).startsWith("userCodeTimeout: " + wrong));
        }
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(() -> "state")
                        .userCodeTimeout(forever)
                        .retry(Duration.ofSeconds(1)));
        assertEquals(List.of("snapshot:state"), client().await(1).story());
    }
}
