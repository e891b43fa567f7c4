package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How a program that follows topics learns of the end. */
class SubscriptionTest {
    private final Topics topics = new Topics();

    @Test
    void whatCameBeforeTheEndIsStillGiven() throws Exception {
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
    void whoClosesWantsNoMore() throws Exception {
        Subscription subscription = topics.follow("a");
        topics.publish("a", "a1");
        assertTrue(subscription.hasNext());
        subscription.close();
        assertFalse(subscription.hasNext());
        assertNull(subscription.poll(Duration.ZERO));
    }

    @Test
    void oneThatIsCutIsToldWhereItStands() throws Exception {
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
}
