package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import microdot.JsonCodec;
import microdot.sse.log.EventId;
import org.junit.jupiter.api.Test;

/** What a client gets that lagged or resumed too late. */
class GapTest extends TopicsFixture {
    @Test
    void gapNamesFromToAndReason() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        String one = topics.publish("a", "a1");
        publish("a", 2, 2);
        String three = topics.publish("a", "a3");
        publish("a", 4, 5);
        TestFollower late = resume(one, "a");
        assertEquals(List.of("gap a expired null", "a4", "a5"), late.story());
        assertEquals(one, late.gap(0).from());
        assertEquals(three, late.gap(0).to());
        assertEquals(three, late.event(0).id());
        assertEquals(List.of("a4", "a5"), resume(three, "a").story());
    }

    @Test
    void unusableIdsGiveGapWithReason() {
        String id = topics.publish("a", "a1");
        assertEquals(List.of("gap a restarted null", "a1"), resume("0123456789-1", "a").story());
        assertEquals(List.of("gap a invalid null", "a1"), resume("nonsense", "a").story());
        String ahead = id.replace("-1", "-2");
        assertEquals(List.of("gap a invalid null", "a1"), resume(ahead, "a").story());
    }

    @Test
    void onlyLastOfSeveralGapsHasId() {
        TestFollower lost = resume("0123456789-5", "a", "b");
        assertEquals(List.of("gap a restarted null", "gap b restarted null"), lost.story());
        assertNull(lost.event(0).id());
        assertEquals(lost.gap(1).to(), lost.event(1).id());
    }

    @Test
    void gapIsSentBeforeEventsOfOtherTopics() {
        topics.topic("b", new TopicOptions().keepEvents(1));
        String start = topics.publish("a", "a1");
        publish("b", 1, 2);
        publish("a", 2, 2);
        publish("b", 3, 3);
        TestFollower late = resume(start, "a", "b");
        assertEquals(List.of("gap b expired null", "a2", "b3"), late.story());
        assertEquals(late.gap(0).to(), late.event(0).id());
    }

    @Test
    void slowFollowerGetsExactGapThenNewestEvent() {
        topics.topic("a", new TopicOptions().keepEvents(3));
        TestFollower slow = follow("a");
        TestFollower healthy = follow("a");
        String one = topics.publish("a", "a1");
        loop.run();
        slow.sink.stall();
        for (int i = 2; i <= 10; i++) {
            publish("a", i, i);
            loop.run();
        }
        slow.sink.unstall();
        slow.await(3);
        assertEquals(List.of("a1", "gap a slow 8", "a10"), slow.story());
        assertEquals(one, slow.gap(1).from());
        assertEquals(one.replace("-1", "-9"), slow.gap(1).to());
        assertEquals(10, healthy.events().size());
        Topic.Stats stats = topics.topic("a").stats();
        assertEquals(new Topic.Stats(2, 10, 3, stats.bytes(), 12, 8, 0), stats);
        assertTrue(stats.bytes() > 0);
    }

    /**
     * The other topic's id must not be beyond the gaps that the client was sent: after a disconnect
     * there, it would reconnect as one that lacks nothing.
     */
    @Test
    void noSentIdHidesGap() {
        topics.topic("b", new TopicOptions().keepEvents(5));
        TestFollower slow = follow("a", "b");
        slow.sink.stall();
        loop.run();
        publish("b", 1, 3);
        publish("a", 1, 1);
        publish("b", 4, 7);
        publish("a", 2, 2);
        publish("b", 8, 8);
        slow.sink.room(1).unstall();
        slow.await(4);
        assertEquals(List.of("gap b slow 7", "a1", "a2", "b8"), slow.story());
        assertEquals(3, position(slow.event(0)));
    }

    private static long position(Event event) {
        return Objects.requireNonNull(EventId.parse("" + event.id())).position();
    }

    @Test
    void disconnectedSlowFollowerGetsRetryThenGapAfterReconnect() {
        topics.topic("a", new TopicOptions().keepEvents(2).onSlow(TopicOptions.OnSlow.DISCONNECT));
        TestFollower slow = follow("a");
        publish("a", 1, 1);
        loop.run();
        slow.sink.stall();
        loop.run();
        publish("a", 2, 5);
        slow.sink.unstall();
        loop.run();
        assertEquals(List.of("a1"), slow.story());
        assertTrue(slow.text().matches("(?s).*retry: \\d+\n\n"), slow.text());
        assertTrue(slow.sink.endedProperly());
        assertEquals(1, topics.topic("a").stats().disconnected());
        assertEquals(0, topics.topic("a").followers());
        TestFollower again = resume(slow.lastEventId(), "a");
        assertEquals(List.of("gap a expired null", "a4", "a5"), again.story());
    }

    @Test
    void gapJsonIsFlat() {
        TestFollower lost = resume("nonsense", "a");
        Map<?, ?> gap =
                JsonCodec.standard()
                        .decode(
                                lost.event(0).data().toString().getBytes(StandardCharsets.UTF_8),
                                Map.class);
        assertEquals("a", gap.get("topic"));
        assertEquals("nonsense", gap.get("from"));
        assertTrue(gap.containsKey("missed"));
        assertNull(gap.get("missed"));
    }

    @Test
    void lossBetweenResponseAndFollowIsReportedWithHistory() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        var follower = new TestFollower(loop);
        long opened = topics.head();
        publish("a", 1, 5);
        topics.followers()
                .follow(
                        follower.sink,
                        List.of("a"),
                        new StartPosition.Wish(null, opened, 1),
                        null,
                        new StreamClosingFrames());
        loop.run();
        assertEquals(List.of("gap a expired null", "a4", "a5"), follower.story());
    }

    /** Without an id it would reconnect as a new client and get no gap for what it missed. */
    @Test
    void slowFollowerGetsCheckpointBeforeDisconnect() {
        topics.topic("a", new TopicOptions().keepEvents(2).onSlow(TopicOptions.OnSlow.DISCONNECT));
        publish("b", 1, 3);
        TestFollower slow = follow("a", "b");
        slow.sink.stall();
        loop.run();
        publish("a", 2, 5);
        slow.sink.unstall();
        loop.run();
        assertTrue(slow.sink.endedProperly());
        TestFollower again = resume(slow.lastEventId(), "a", "b");
        assertEquals(List.of("gap a expired null", "a4", "a5"), again.story());
    }

    /** An event that passed its filter is sent before the filter sees the next, also of others. */
    @Test
    void acceptedEventIsSentBeforeSlowFollowerIsDisconnected() {
        topics.topic("a", new TopicOptions().keepEvents(1).onSlow(TopicOptions.OnSlow.DISCONNECT));
        TopicStream stream =
                topics.stream("b", "a")
                        .where(
                                (request, event) -> {
                                    if (event.data().equals("a1")) {
                                        publish("a", 2, 4);
                                    }
                                    return event.data().equals("b1");
                                });
        var follower = new TestFollower(loop).follow(stream, null);
        publish("b", 1, 1);
        publish("a", 1, 1);
        loop.runUntil(() -> !follower.sink.isOpen());
        TestFollower again = resume(follower.lastEventId(), "a", "b");
        assertEquals("b1", follower.story().getFirst());
        assertEquals(List.of("gap a expired null", "a4"), again.story());
    }
}
