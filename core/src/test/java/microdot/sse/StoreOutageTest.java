package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import microdot.Headers;
import microdot.Logged;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients of a process whose engine is away, and whose history is in the engine only. */
@Timeout(60)
class StoreOutageTest {
    private static final String AWAY = "event: status\ndata: {\"store\":\"away\"}\n\n";

    private final MemoryStore store = new MemoryStore();
    private final Topics before = new Topics(store);
    private final LaggingStore lagging = new LaggingStore(store.node());
    private final Topics topics = new Topics(lagging);
    private final TestLoop loop = new TestLoop();
    private final Logged log = new Logged("microdot.sse");

    @AfterEach
    void end() {
        topics.close();
        log.close();
    }

    private void publish(int events) {
        for (int i = 1; i <= events; i++) {
            before.publish("a", "a" + i);
        }
    }

    /** Opens a stream, as from an event loop. */
    private TestFollower open(TopicStream stream, String query, String id) {
        var headers = new Headers();
        if (!id.isEmpty()) {
            headers.add("Last-Event-ID", id);
        }
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        return follower.follow(stream, "/" + query, headers);
    }

    private TestFollower open(String id) {
        return open(topics.stream("a"), "", id);
    }

    /** Waits until something could not be read. */
    private void awaitOutage() {
        log.await(1);
    }

    private static List<String> events(TestFollower follower) {
        return follower.story().stream().filter(each -> each.startsWith("a")).toList();
    }

    @Test
    void clientWaitsForTheEngineAndResumesWhereItWas() {
        String id = before.publish("a", "a0");
        publish(3);
        lagging.away();
        TestFollower follower = open(topics.stream("a"), "?heartbeat=event", id);
        awaitOutage();
        loop.run();
        follower.sink.heartbeatNow();
        assertTrue(follower.sink.isOpen());
        assertTrue(follower.text().contains(AWAY), follower.text());
        lagging.back();
        follower.awaitData("a3");
        assertEquals(List.of("a1", "a2", "a3"), events(follower));
        follower.sink.heartbeatNow();
        assertTrue(follower.text().contains("{\"store\":\"back\"}"), follower.text());
    }

    @Test
    void clientThatWaitsGetsWhatIsPublishedMeanwhileInItsPlace() {
        String id = before.publish("a", "a0");
        publish(1);
        lagging.away();
        TestFollower follower = open(id);
        awaitOutage();
        before.publish("a", "a2"); // The tail still delivers.
        loop.run();
        assertEquals(List.of(), events(follower));
        lagging.back();
        follower.awaitData("a2");
        assertEquals(List.of("a1", "a2"), events(follower));
    }

    @Test
    void clientsThatWaitCostTheEngineOneReadAndTheLogOneLine() {
        String id = before.publish("a", "a0");
        publish(3);
        lagging.away();
        var followers = new ArrayList<TestFollower>();
        for (int i = 0; i < 100; i++) {
            followers.add(open(id));
        }
        awaitOutage();
        lagging.awaitReads(4); // Of the thread that tries again, all but one or two.
        lagging.back();
        int tried = lagging.reads;
        followers.forEach(follower -> follower.awaitData("a3"));
        assertTrue(lagging.reads - tried < 10, () -> lagging.reads + " reads after " + tried);
        assertTrue(tried < 30, () -> tried + " reads for 100 clients");
        assertEquals(1, log.messages().size(), () -> "" + log.messages());
    }

    @Test
    void clientThatLeavesMeanwhileIsForgotten() {
        String id = before.publish("a", "a0");
        publish(1);
        lagging.away();
        TestFollower first = open(id);
        awaitOutage();
        first.sink.disconnect();
        loop.run();
        lagging.back();
        open(id).awaitData("a1");
        assertEquals("", first.text());
        assertEquals(1, log.messages().size(), () -> "" + log.messages());
    }

    @Test
    void clientOfTwoTopicsGoesOnWithTheOneThatFailed() {
        String id = before.publish("a", "a0");
        publish(1);
        before.publish("b", "b1");
        lagging.failTopic("b");
        TestFollower follower = open(topics.stream("a", "b"), "", id);
        awaitOutage();
        lagging.failTopic("");
        follower.awaitData("b1");
        assertEquals(List.of("a1", "b1"), follower.story());
    }

    @Test
    void topicThatCannotBeReadHoldsUpNoOther() {
        String id = before.publish("a", "a0");
        publish(1);
        before.publish("b", "b1");
        lagging.failTopic("b");
        TestFollower waiting = open(topics.stream("b"), "", id);
        awaitOutage();
        open(id).awaitData("a1");
        assertTrue(waiting.sink.isOpen());
    }

    @Test
    void newClientWaitsForItsLastEvents() {
        publish(3);
        lagging.away();
        TestFollower follower = open(topics.stream("a").last(2), "", "");
        awaitOutage();
        lagging.back();
        follower.awaitData("a3");
        assertEquals(List.of("a2", "a3"), events(follower));
    }

    @Test
    void clientWithAnIdOfItsPublisherWaits() {
        before.publish("a", Event.of("a0").id("mine"));
        publish(1);
        lagging.away();
        TestFollower follower = open("mine");
        awaitOutage();
        assertTrue(follower.sink.isOpen());
        lagging.back();
        follower.awaitData("a1");
        assertEquals(List.of("a1"), events(follower));
    }

    @Test
    void subscriptionWaitsToo() {
        String id = before.publish("a", "a0");
        publish(1);
        lagging.away();
        try (Subscription subscription = topics.followAfter(id, "a")) {
            awaitOutage();
            lagging.back();
            assertEquals("a1", subscription.next().data());
        }
    }

    @Test
    void clientThatWaitsIsDisconnectedWhenTheTopicsClose() {
        String id = before.publish("a", "a0");
        publish(1);
        lagging.away();
        TestFollower follower = open(id);
        awaitOutage();
        topics.close();
        loop.runUntil(() -> !follower.sink.isOpen());
        assertEquals(1, log.messages().size(), () -> "" + log.messages());
    }

    @Test
    void historyWaitsForThePublishTimeoutOnly() {
        String id = before.publish("a", "a0");
        publish(1);
        topics.publishTimeout(Duration.ofMillis(1));
        lagging.away();
        assertThrows(IllegalStateException.class, () -> topics.history("a", id, 9));
        lagging.back();
    }
}
