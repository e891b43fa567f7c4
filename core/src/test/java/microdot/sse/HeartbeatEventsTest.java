package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import microdot.Headers;
import microdot.Microdot;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.Test;

/** Heartbeats as events, for clients that ask with {@code ?heartbeat=event}. */
class HeartbeatEventsTest extends TopicsFixture {
    private static final String BEAT = "event: heartbeat\ndata: 15000\n\n";

    private TestFollower follow(TopicStream stream, String query) {
        return new TestFollower(loop).follow(stream, "/" + query, new Headers());
    }

    private TestFollower follow(SseHandler handler, String query) {
        return new TestFollower(loop)
                .follow(new Microdot().get("/", Sse.withSse(handler)), "/" + query);
    }

    @Test
    void firstHeartbeatOfTopicStreamComesAtOnce() {
        TestFollower follower = follow(topics.stream("a"), "?heartbeat=event");
        assertTrue(follower.text().startsWith(BEAT), follower.text());
        publish("a", 1, 1);
        loop.run();
        follower.sink.heartbeatNow();
        assertTrue(follower.text().endsWith(BEAT), follower.text());
        assertEquals(2, follower.text().split(BEAT, -1).length - 1, follower.text());
    }

    @Test
    void heartbeatOfTopicStreamHasNoIdAndFollowsItsCheckpoint() {
        topics.topic("a", new TopicOptions().checkpoints(true));
        TestFollower follower = follow(topics.stream("a"), "?heartbeat=event");
        publish("other", 1, 3);
        follower.sink.heartbeatNow();
        String checkpoint = "event: checkpoint\nid: " + topics.lastEventId() + "\ndata: \n\n";
        assertTrue(follower.text().endsWith(checkpoint + BEAT), follower.text());
    }

    @Test
    void statusOfTheStoreFollowsThem() {
        var store = new LaggingStore(new MemoryStore());
        var stored = new Topics(store);
        TestFollower follower = follow(stored.stream("a"), "?heartbeat=event");
        store.away();
        follower.sink.heartbeatNow();
        follower.sink.heartbeatNow();
        String away = "event: status\ndata: {\"store\":\"away\"}\n\n";
        assertTrue(follower.text().endsWith(BEAT + away + BEAT), follower.text());
        store.back();
        follower.sink.heartbeatNow();
        String back = "event: status\ndata: {\"store\":\"back\"}\n\n";
        assertTrue(follower.text().endsWith(BEAT + away + BEAT + BEAT + back), follower.text());
        store.away();
        assertTrue(follow(stored.stream("a"), "?heartbeat=event").text().startsWith(BEAT + away));
    }

    @Test
    void streamOfHandlerHasThemToo() {
        TestFollower follower = follow((request, sse) -> sse.send("own"), "?heartbeat=event");
        assertEquals(BEAT + "data: own\n\n", follower.text());
    }

    @Test
    void otherClientsGetComments() {
        TestFollower follower = follow(topics.stream("a"), "?heartbeat=other");
        String begin = follower.text();
        follower.sink.heartbeatNow();
        assertEquals(begin + ": \n\n", follower.text());
        assertEquals("data: own\n\n", follow((request, sse) -> sse.send("own"), "").text());
    }

    @Test
    void serverWithoutHeartbeatsSendsNone() {
        TestFollower follower = new TestFollower(loop);
        follower.sink.heartbeat(Duration.ZERO);
        follower.follow(topics.stream("a"), "/?heartbeat=event", new Headers());
        assertTrue(!follower.text().contains("heartbeat"), follower.text());
    }
}
