package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Body;
import microdot.CloseReason;
import microdot.Headers;
import microdot.Logged;
import microdot.Request;
import microdot.Response;
import org.junit.jupiter.api.Test;

/** A handler that follows topics with what a {@link TopicStream} can. */
class HandlerFollowTest extends TopicsFixture {
    private final TestFollower follower = new TestFollower(loop);

    private Thread start(SseHandler handler) {
        return start(follower, new Headers(), handler);
    }

    private Thread start(TestFollower to, Headers headers, SseHandler handler) {
        var client = new InetSocketAddress(9);
        var request = new Request("GET", "/", headers, new byte[0], client, "http");
        Response response = Sse.sseResponse(request, handler);
        return Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                ((Body.Stream) response.body()).writer().writeTo(to.sink);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
    }

    private static Headers resuming(String id) {
        return new Headers().add("Accept", "text/event-stream").add("Last-Event-ID", id);
    }

    @Test
    void handlerFollowsWithLastEventsAndFilter() throws Exception {
        publish("a", 1, 5);
        Thread handler =
                start(
                        (request, sse) ->
                                sse.follow(
                                        topics.stream("a")
                                                .last(3)
                                                .where(
                                                        (any, event) ->
                                                                !event.data().equals("a4"))));
        follower.await(2);
        publish("a", 6, 6);
        follower.await(3);
        assertEquals(List.of("a3", "a5", "a6"), follower.story());
        follower.sink.disconnect();
        assertTrue(handler.join(Duration.ofSeconds(30)));
    }

    @Test
    void clientThatHasAllOfEndedTopicIsAskedToReconnectMuchLater() throws Exception {
        publish("a", 1, 2);
        String first = topics.lastEventId();
        publish("a", 3, 3);
        topics.topic("a").close();
        Headers headers = resuming(topics.lastEventId());
        SseHandler handler =
                (request, sse) -> {
                    sse.send("hello");
                    sse.follow(topics, "a");
                };
        follower.sink.onClose(() -> loop.execute(() -> {})); // Perhaps not by the loop.
        Thread over = start(follower, headers, handler);
        loop.runUntil(() -> !follower.sink.isOpen());
        assertTrue(over.join(Duration.ofSeconds(30)));
        assertEquals(CloseReason.TOPIC_CLOSED, follower.sink.closeReason());
        assertEquals(List.of("hello"), follower.story());
        Duration retry = Objects.requireNonNull(ParsedStream.of(follower.text()).retry());
        assertTrue(retry.toMinutes() >= 30, retry::toString);

        // One that lacks something gets it, and comes back for the end soon.
        var late = new TestFollower(loop);
        Thread rest = start(late, resuming(first), handler);
        late.await(event -> "checkpoint".equals(event.event()));
        assertTrue(rest.join(Duration.ofSeconds(30)));
        assertEquals("hello", late.story().get(0));
        assertEquals("a3", late.story().get(1));
    }

    @Test
    void onOpenIsRefusedWithinHandler() throws Exception {
        TopicStream greeting = topics.stream("a").onOpen((request, sse) -> sse.send("hello"));
        Thread handler =
                start(
                        (request, sse) ->
                                assertThrows(
                                        IllegalArgumentException.class,
                                        () -> sse.follow(greeting)));
        assertTrue(handler.join(Duration.ofSeconds(30)));
    }

    @Test
    void clientThatLeavesDuringSnapshotIsNoError() throws Exception {
        var taking = new CountDownLatch(1);
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    taking.countDown();
                                    try {
                                        Thread.sleep(Duration.ofHours(1));
                                    } catch (InterruptedException e) {
                                        throw new IllegalStateException("interrupted", e);
                                    }
                                    return "never";
                                }));
        try (var logged = new Logged("microdot.sse")) {
            Thread handler = start((request, sse) -> sse.follow(topics, "a"));
            assertTrue(taking.await(30, TimeUnit.SECONDS));
            follower.sink.disconnect();
            assertTrue(handler.join(Duration.ofSeconds(30)));
            assertEquals(List.of(), logged.messages());
        }
    }

    @Test
    void reservedEventNameIsRefusedOnlyBesideTopics() throws Exception {
        var refused = new CountDownLatch(1);
        Thread handler =
                start(
                        (request, sse) -> {
                            sse.send("own", "status");
                            sse.onClose(refused::countDown);
                            var sender = Thread.ofVirtual().unstarted(() -> sendUntilRefused(sse));
                            sender.start();
                            sse.follow(topics, "a");
                        });
        assertTrue(refused.await(30, TimeUnit.SECONDS));
        follower.await(1);
        assertEquals("status:own", follower.story().getFirst());
        assertTrue(handler.join(Duration.ofSeconds(30)));
    }

    /** Before the handler follows, the name is its own affair. */
    private static void sendUntilRefused(Sse sse) {
        while (true) {
            try {
                sse.send("own", "status");
            } catch (IllegalArgumentException e) {
                sse.close();
                return;
            }
        }
    }
}
