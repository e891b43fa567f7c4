package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.Headers;
import org.junit.jupiter.api.Test;

/** A client's id never moves backwards, and brings what was asked for. */
class PositionTest extends TopicsFixture {
    private static TopicOptions disconnects() {
        return new TopicOptions()
                .keepEvents(2)
                .checkpoints(true)
                .onSlow(TopicOptions.OnSlow.DISCONNECT);
    }

    @Test
    void closingFramesDoNotMoveCheckpointBack() {
        topics.topic("busy", new TopicOptions().keepEvents(10).checkpoints(true));
        TopicStream stream = topics.stream("busy", "quiet").where((request, event) -> false);
        var follower = new TestFollower(loop).follow(stream, null);
        publish("busy", 1, 5);
        loop.runUntil(() -> checkpointed(follower));
        String id = follower.lastEventId();
        assertEquals(topics.lastEventId(), id);
        assertEquals("retry: 1000\n\n", follower.sink.closingFrames());
        assertEquals(List.of(), resume(id, "busy", "quiet").story());
    }

    private static boolean checkpointed(TestFollower follower) {
        follower.sink.heartbeatNow();
        return !follower.events().isEmpty();
    }

    @Test
    void disconnectDoesNotMoveCheckpointBack() {
        topics.topic("a", disconnects());
        TestFollower follower = follow("a", "b");
        publish("other", 1, 5);
        follower.sink.heartbeatNow();
        String id = follower.lastEventId();
        assertEquals(topics.lastEventId(), id);
        follower.sink.stall();
        loop.run();
        publish("a", 1, 5);
        follower.sink.unstall();
        loop.run();
        assertTrue(follower.sink.endedProperly());
        assertEquals(id, follower.lastEventId());
    }

    @Test
    void clientThatReadsNothingMayNotWaitOnceItLags() {
        topics.topic("a", disconnects());
        topics.topic("b", new TopicOptions().keepEvents(2));
        TestFollower follower = follow("a", "b");
        follower.sink.stall();
        publish("a", 1, 2);
        publish("b", 1, 9);
        loop.run();
        assertTrue(follower.sink.mayWait(), "it lags only where it is not to be disconnected");
        publish("a", 3, 3);
        loop.run();
        assertFalse(follower.sink.mayWait());
        assertEquals(1, topics.topic("a").stats().disconnected());
        assertTrue(follower.sink.mayWait(), "counted once");
        assertEquals(1, topics.topic("a").stats().disconnected());
    }

    @Test
    void lastEventsOfSeveralTopicsResumeWithoutMore() {
        publish("a", 1, 1);
        publish("b", 1, 5);
        publish("a", 2, 2);
        TopicStream stream = topics.stream("a", "b").last(2);
        var whole = new TestFollower(loop).follow(stream, null);
        assertEquals(List.of("a1", "b4", "b5", "a2"), whole.story());
        assertNull(whole.event(0).id(), "with its id, b1 to b3 would come after a reconnect");
        for (int i = 1; i < 4; i++) {
            String id = whole.event(i).id();
            assertEquals(
                    whole.story().subList(i + 1, 4),
                    new TestFollower(loop).follow(stream, id).story());
        }
    }

    @Test
    void lastEventsWithNamesLoseOnlyTheIdLine() {
        topics.publish("a", Event.of("a1\nmore").event("name"));
        publish("b", 1, 3);
        var follower = new TestFollower(loop).follow(topics.stream("a", "b").last(1), null);
        assertTrue(
                follower.text().startsWith("event: name\ndata: a1\ndata: more\n\nid: "),
                follower.text());
    }

    @Test
    void clientWithoutIdIsNotClosedWithPositionBeforeLastEvents() {
        publish("a", 1, 1);
        publish("b", 1, 5);
        publish("a", 2, 2);
        var follower = new TestFollower(loop);
        follower.sink.room(1).takeOnly(1);
        follower.follow(topics.stream("a", "b").last(2), null);
        assertEquals(List.of("a1"), follower.story());
        assertEquals("retry: 1000\n\n", follower.sink.closingFrames());
    }

    /**
     * The snapshot has a change that is newer than the position: with a plain id, the change would
     * come once more as an event.
     */
    @Test
    void closingCheckpointBeforeSnapshotAsksForAnotherSnapshot() throws Exception {
        topics.topic("state", new TopicOptions().snapshot(() -> "whole"));
        publish("a", 1, 1);
        publish("b", 1, 1);
        publish("a", 2, 2);
        publish("b", 2, 3);
        publish("state", 1, 1);
        var asked = new CountDownLatch(1);
        var answer = new CountDownLatch(1);
        TopicStream stream =
                topics.stream("a", "state", "b")
                        .last(2)
                        .where(
                                (request, event) -> {
                                    if (event.data().equals("b2")) {
                                        asked.countDown();
                                        loop.execute(() -> {}); // It looks at the latch.
                                        awaitQuietly(answer);
                                    }
                                    return false;
                                });
        var follower = new TestFollower(loop).follow(stream, null);
        loop.runUntil(() -> asked.getCount() == 0);
        loop.run();
        assertEquals(List.of("snapshot:whole"), follower.story());
        assertEquals("", follower.lastEventId());
        byte[] closing = follower.sink.closingFrames().getBytes(UTF_8);
        String id = ParsedStream.of(closing).lastEventId();
        answer.countDown();
        assertEquals(topics.registry().order().epoch().id(2) + "s", id);
        TestFollower again = resume(id, "a", "state", "b").awaitData("b3");
        loop.run();
        assertEquals(List.of("snapshot:whole", "a2", "b2", "b3"), again.story());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A filter that accepts none of the events without ids leaves a client that can resume. */
    @Test
    void clientGetsCheckpointWhenLastEventsGaveItNoId() {
        publish("a", 1, 1);
        publish("b", 1, 5);
        TopicStream stream =
                topics.stream("a", "b")
                        .last(2)
                        .where((request, event) -> event.data().equals("a1"));
        var follower = new TestFollower(loop).follow(stream, null).await(2);
        assertEquals(List.of("a1", "checkpoint:"), follower.story());
        assertEquals(topics.lastEventId(), follower.lastEventId());
    }

    @Test
    void bothSpellingsOfTheQueryParameterCount() {
        publish("a", 1, 3);
        String first = topics.registry().order().epoch().id(1);
        for (String name : List.of("last-event-id", "lastEventId")) {
            var follower = new TestFollower(loop);
            follower.follow(topics.stream("a"), "/?" + name + "=" + first, new Headers());
            assertEquals(List.of("a2", "a3"), follower.story());
        }
    }

    @Test
    void streamWithoutTopicsIsQuiet() {
        var follower = new TestFollower(loop).follow(topics.stream(request -> List.of()), null);
        publish("a", 1, 1);
        loop.run();
        assertEquals("", follower.text());
        assertTrue(follower.sink.isOpen());
        follower.sink.heartbeatNow();
        assertEquals(": \n\n", follower.text());
        topics.close();
        loop.run();
        assertTrue(follower.sink.endedProperly());
    }
}
