package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import microdot.Headers;
import microdot.Logged;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The newest event of each key, of a process that has not seen it. */
@Timeout(60)
class StoreLatestTest {
    private static final TopicOptions OPTIONS = new TopicOptions().latestBy(Event::event);

    private final MemoryStore store = new MemoryStore();
    private final Topics before = new Topics(store).options("room/", OPTIONS);
    private final LaggingStore lagging = new LaggingStore(store.node());
    private final Topics topics = new Topics(lagging).options("room/", OPTIONS);
    private final TestLoop loop = new TestLoop();
    private final Logged log = new Logged("microdot.sse");

    StoreLatestTest() {
        publish("x", "x1");
        publish("y", "y1");
        publish("x", "x2");
    }

    @AfterEach
    void end() {
        topics.close();
        log.close();
    }

    private void publish(String key, String data) {
        before.publish("room/1", Event.of(data).event(key));
    }

    private TestFollower follow() {
        var follower = new TestFollower(loop);
        follower.sink.onLoop();
        return follower.follow(topics.stream("room/1"), "/", new Headers());
    }

    private static final List<String> NEWEST = List.of("y:y1", "x:x2");

    private static List<String> events(TestFollower follower) {
        return follower.story().stream().filter(each -> !each.startsWith("checkpoint")).toList();
    }

    @Test
    void newestOfEachKeyIsReadForOptionsByPrefix() {
        assertEquals(NEWEST, events(follow().await(2)));
        lagging.failures = 1; // It is not read again.
        assertEquals(NEWEST, events(follow().await(2)));
    }

    @Test
    void eventsThatComeMeanwhileReplaceWhatIsRead() {
        TestFollower first = follow();
        publish("x", "x3");
        assertEquals("x:x3", first.await(event -> "x3".equals(event.data())).story().getLast());
        assertEquals(List.of("y:y1", "x:x3"), events(follow().await(2)));
    }

    @Test
    void clientThatResumesBelowWhatIsKeptGetsTheNewestOfEachKey() {
        TopicOptions few = OPTIONS.keepEvents(2);
        before.topic("few", few);
        String id = before.publish("few", Event.of("a1").event("a"));
        for (String key : List.of("a", "b", "busy", "busy", "busy", "busy")) {
            before.publish("few", Event.of(key + "2").event(key));
        }
        var expected = List.of("a:a2", "b:b2", "busy:busy2");
        try (Topics later = new Topics(store.node())) {
            later.topic("few", few);
            var follower = new TestFollower(loop).follow(later.stream("few"), id);
            follower.await(event -> "busy2".equals(event.data()));
            List<String> events =
                    follower.story().stream().filter(each -> !each.startsWith("gap")).toList();
            assertEquals(expected, events);
        }
    }

    @Test
    void newestOfEachKeyIsReadWhenTheEngineIsBack() {
        lagging.away();
        TestFollower follower = follow();
        log.await(1);
        assertTrue(follower.sink.isOpen());
        lagging.back();
        assertEquals(NEWEST, events(follower.await(2)));
    }

    @Test
    void newestOfEachKeyIsReadAgainAfterALoss() {
        follow().await(2);
        store.lose(store.head() - 1);
        assertEquals(List.of("x:x1", "y:y1"), events(follow().await(2)));
    }

    @Test
    void removedTopicHasNone() {
        before.remove("room/1");
        publish("z", "z1");
        assertEquals(List.of("z:z1"), events(follow().await(1)));
    }

    @Test
    void noEventLoopTellsTheStoreWhatItKeeps() throws Exception {
        follow();
        assertNotSame(Thread.currentThread(), lagging.retainedBy.get());
    }
}
