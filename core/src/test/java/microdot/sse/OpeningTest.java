package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import microdot.Headers;
import org.junit.jupiter.api.Test;

/** Handlers that run when a stream of topics opens. */
class OpeningTest {
    private final Topics topics = new Topics();
    private final TestLoop loop = new TestLoop();

    private TestFollower open(SseHandler opening) {
        return new TestFollower(loop).follow(topics.stream("a").onOpen(opening), null);
    }

    @Test
    void greetingIsFirstAndNoEventIsMissed() {
        topics.publish("a", "a1");
        TopicStream stream =
                topics.stream("a")
                        .last(5)
                        .onOpen(
                                (request, sse) -> {
                                    sse.send("hello " + topics.topic("a").followers());
                                    topics.publish("a", "a2");
                                });
        TestFollower follower = new TestFollower(loop).follow(stream, null);
        topics.publish("a", "a3");
        loop.run();
        assertEquals(List.of("hello 0", "a1", "a2", "a3"), follower.story());
    }

    @Test
    void openingHandlerSeesLastEventId() {
        String one = topics.publish("a", "a1");
        TopicStream stream =
                topics.stream("a").onOpen((request, sse) -> sse.send("had " + sse.lastEventId()));
        assertEquals("had null", follow(stream, "/").event(0).data());
        assertEquals("had null", follow(stream, "/?last-event-id=").event(0).data());
        assertEquals("had " + one, follow(stream, "/?last-event-id=" + one).event(0).data());
    }

    private TestFollower follow(TopicStream stream, String target) {
        return new TestFollower(loop).follow(stream, target, new Headers());
    }

    @Test
    void pageRenderedAtIdGetsLaterEvents() {
        TopicStream stream = topics.stream("a");
        String none = topics.lastEventId();
        String one = topics.publish("a", "a1");
        assertEquals(one, topics.lastEventId());
        topics.publish("a", "a2");
        assertEquals(List.of("a1", "a2"), follow(stream, "/?last-event-id=" + none).story());
        assertEquals(List.of("a2"), follow(stream, "/?last-event-id=" + one).story());
    }

    @Test
    void openingHandlerMayNotSendIds() {
        TestFollower follower =
                open(
                        (request, sse) -> {
                            assertThrows(
                                    IllegalStateException.class, () -> sse.send("x", null, "7"));
                            assertThrows(
                                    IllegalStateException.class, () -> sse.follow(topics, "b"));
                            sse.send("hello");
                        });
        assertEquals(List.of("hello"), follower.story());
    }

    @Test
    void openingHandlerThatClosesLeavesNoFollower() {
        topics.topic("a", new TopicOptions().retry(Duration.ofSeconds(1)));
        TestFollower follower =
                open(
                        (request, sse) -> {
                            sse.send("goodbye");
                            sse.close();
                        });
        assertTrue(follower.sink.endedProperly());
        assertNoFollowers();
    }

    private void assertNoFollowers() {
        loop.run();
        topics.registry().sweep();
        assertEquals(0, topics.topic("a").followers());
        assertEquals(0, topics.registry().tasks().loops());
    }

    @Test
    void onCloseOfOpeningHandlerRunsAtDisconnect() throws Exception {
        var gone = new CompletableFuture<String>();
        TestFollower follower =
                open((request, sse) -> sse.onClose(() -> gone.complete("gone " + sse.isOpen())));
        assertFalse(gone.isDone());
        follower.sink.disconnect();
        assertEquals("gone false", gone.get(20, TimeUnit.SECONDS));
    }
}
