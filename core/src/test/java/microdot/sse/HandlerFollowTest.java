package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Body;
import microdot.Headers;
import microdot.Logged;
import microdot.Request;
import microdot.Response;
import org.junit.jupiter.api.Test;

/** A handler that follows topics with what a {@link TopicStream} can. */
class HandlerFollowTest extends TopicsFixture {
    private final TestFollower follower = new TestFollower(loop);

    private Thread start(SseHandler handler) {
        var client = new InetSocketAddress(9);
        var request = new Request("GET", "/", new Headers(), new byte[0], client, "http");
        Response response = Sse.sseResponse(request, handler);
        return Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                ((Body.Stream) response.body()).writer().writeTo(follower.sink);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
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
