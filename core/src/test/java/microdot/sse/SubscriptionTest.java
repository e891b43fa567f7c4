package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Logged;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a subscription ends. */
@Timeout(60)
class SubscriptionTest {
    private final Topics topics = new Topics();

    @Test
    void eventsBeforeEndAreStillReturned() throws Exception {
        Subscription subscription = topics.follow("a");
        var ended = new CountDownLatch(1);
        subscription.sink().onClose(ended::countDown);
        subscription.sink().write("data: last\n\n".getBytes(StandardCharsets.UTF_8));
        subscription.sink().loop().execute(subscription.sink()::end);
        assertTrue(ended.await(30, TimeUnit.SECONDS));
        assertEquals("last", subscription.next().data());
        assertFalse(subscription.hasNext());
        assertNull(subscription.poll(Duration.ZERO));
    }

    @Test
    void closedSubscriptionReturnsNothing() throws Exception {
        Subscription subscription = topics.follow("a");
        topics.publish("a", "a1");
        assertTrue(subscription.hasNext());
        subscription.close();
        assertFalse(subscription.hasNext());
        assertNull(subscription.poll(Duration.ZERO));
    }

    @Test
    void disconnectedSubscriptionGetsCheckpoint() throws Exception {
        topics.topic("a", new TopicOptions().keepEvents(1).onSlow(TopicOptions.OnSlow.DISCONNECT));
        String before = topics.lastEventId();
        Subscription subscription = topics.follow("a");
        var ended = new CountDownLatch(1);
        subscription.sink().onClose(ended::countDown);
        var published = new CompletableFuture<Void>();
        subscription.sink().loop().execute(published::join);
        topics.publish("a", "a1");
        topics.publish("a", "a2");
        published.complete(null);
        assertTrue(ended.await(30, TimeUnit.SECONDS));
        Event checkpoint = subscription.next();
        assertEquals("checkpoint", checkpoint.event());
        assertEquals(before, checkpoint.id());
        assertFalse(subscription.hasNext());
        try (Subscription later = topics.followAfter(before, "a")) {
            assertEquals("gap", later.next().event());
            assertEquals("a2", later.next().data());
        }
    }

    /** Otherwise its reader would wait for ever; the failure is in the log. */
    @Test
    void failedSubscriptionEnds() {
        var loopIsFree = new CompletableFuture<Void>();
        Subscription subscription = topics.follow("a");
        topics.publish("a", "1");
        assertEquals("1", subscription.next().data());
        subscription
                .sink()
                .feed(
                        space -> {
                            throw new IllegalStateException("thrown by the test");
                        });
        // The earlier request must not be taken for the one below.
        subscription.sink().loop().execute(() -> loopIsFree.complete(null));
        loopIsFree.join();
        try (var log = new Logged("microdot.sse")) {
            assertFalse(subscription.hasNext());
            assertEquals(List.of("a subscription failed and was closed"), log.messages());
        }
    }

    @Test
    void repeatedRequestsKeepOneTaskOnLoop() throws Exception {
        try (Subscription subscription = topics.follow("a")) {
            var busy = new CountDownLatch(1);
            var free = new CompletableFuture<Void>();
            Executor loop = subscription.sink().loop();
            loop.execute(
                    () -> {
                        busy.countDown();
                        free.join();
                    });
            busy.await();
            var pulls = new AtomicInteger();
            subscription
                    .sink()
                    .feed(
                            space -> {
                                pulls.incrementAndGet();
                                return false;
                            });
            for (int i = 0; i < 100; i++) {
                subscription.poll(Duration.ZERO);
            }
            var done = new CompletableFuture<Void>();
            loop.execute(() -> done.complete(null));
            free.complete(null);
            done.join();
            assertTrue(pulls.get() <= 2, pulls + " pulls");
        }
    }
}
