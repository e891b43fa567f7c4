package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import microdot.Headers;
import microdot.JsonCodec;
import microdot.sse.log.EventId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Publish, follow, reconnect: what a client reads, event by event. */
class TopicsTest {
    private final Topics topics = new Topics();
    private final TestLoop loop = new TestLoop();

    private TestFollower follow(String... names) {
        return TestFollower.of(loop, topics, names);
    }

    private TestFollower resume(@Nullable String id, String... names) {
        return TestFollower.resuming(loop, topics, id, names);
    }

    private void publish(String topic, int from, int to) {
        IntStream.rangeClosed(from, to).forEach(i -> topics.publish(topic, topic + i));
    }

    @Test
    void topicsShareOneOrderAndOneIdResumesThem() {
        TestFollower first = follow("a", "b");
        String id = topics.publish("a", "a1");
        topics.publish("b", "b1");
        topics.publish("other", "o1");
        topics.publish("a", Event.of(Map.of("n", 2)).event("count"));
        loop.run();
        assertEquals(List.of("a1", "b1", "count:{\"n\":2}"), first.story());
        assertEquals(id, first.event(0).id());
        assertEquals(List.of("b1", "count:{\"n\":2}"), resume(id, "a", "b").story());
        assertEquals(List.of(), resume(first.lastEventId(), "a", "b").story());
    }

    @Test
    void idIsEpochAndPosition() {
        String first = topics.publish("a", "x");
        String second = topics.publish("b", "x");
        assertTrue(first.matches("[A-Za-z0-9]{10}-1"), first);
        assertEquals(first.replace("-1", "-2"), second);
        assertFalse(new Topics().publish("a", "x").equals(first));
    }

    @Test
    void eventsBeforeFollowAreNotDelivered() {
        publish("a", 1, 3);
        TestFollower follower = follow("a");
        publish("a", 4, 4);
        loop.run();
        assertEquals(List.of("a4"), follower.story());
    }

    @Test
    void lastSendsHistoryToClientsWithoutId() {
        publish("a", 1, 5);
        publish("b", 1, 1);
        TopicStream stream = topics.stream("a", "b").last(2);
        var fresh = new TestFollower(loop).follow(stream, null);
        assertEquals(List.of("a4", "a5", "b1"), fresh.story());
        var known = new TestFollower(loop).follow(stream, fresh.lastEventId());
        assertEquals(List.of(), known.story());
        assertThrows(IllegalArgumentException.class, () -> stream.last(-1));
    }

    @Test
    void headerWinsOverQueryParameter() {
        String one = topics.publish("a", "a1");
        String two = topics.publish("a", "a2");
        publish("a", 3, 3);
        String target = "/?last-event-id=" + one;
        var byQuery = new TestFollower(loop).follow(topics.stream("a"), target, new Headers());
        assertEquals(List.of("a2", "a3"), byQuery.story());
        Headers header = new Headers().add("Last-Event-ID", two);
        var byHeader = new TestFollower(loop).follow(topics.stream("a"), target, header);
        assertEquals(List.of("a3"), byHeader.story());
    }

    @Test
    void publisherIdsAreSentUnchangedAndResume() {
        TestFollower follower = follow("a", "b");
        assertEquals("Größe 1", topics.publish("a", Event.of("a1").id("Größe 1")));
        publish("b", 1, 2);
        loop.run();
        assertEquals("Größe 1", follower.event(0).id());
        assertEquals(List.of("b1", "b2"), resume("Größe 1", "a", "b").story());
        topics.publish("a", Event.of("a2").id("Größe 1"));
        assertEquals(List.of(), resume("Größe 1", "a", "b").story());
    }

    @Test
    void oldestOfEqualPublisherIdsCounts() {
        topics.publish("a", Event.of("a1").id("7"));
        topics.publish("b", Event.of("b1").id("7"));
        assertEquals(List.of("b1"), resume("7", "a", "b").story());
    }

    @Test
    void trimmedPublisherIdIsInvalid() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        topics.publish("a", Event.of("a1").id("one"));
        publish("a", 2, 3);
        assertEquals(List.of("gap a invalid null", "a3"), resume("one", "a").story());
    }

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
    void retryIsSentFirst() {
        topics.topic("a", new TopicOptions().retry(Duration.ofSeconds(3)));
        assertEquals("retry: 3000\n\n", follow("a").text());
    }

    @Test
    void topicKeepsLimitedBytesAndAlwaysItsNewestEvent() {
        topics.topic("a", new TopicOptions().keepBytes(1000));
        topics.publish("a", "x".repeat(600));
        topics.publish("a", "y".repeat(600));
        assertEquals(1, topics.topic("a").stats().kept());
        topics.publish("a", "z".repeat(200_000));
        assertEquals(1, topics.topic("a").stats().kept());
        publish("a", 1, 1);
        assertEquals(1, topics.topic("a").stats().kept());
    }

    @Test
    void largeEventArrivesWholeAmongSmallOnes() {
        TestFollower follower = follow("a");
        publish("a", 1, 1);
        String large = "x".repeat(300_000);
        topics.publish("a", large);
        publish("a", 2, 2);
        follower.sink.room(10);
        loop.run();
        assertEquals(List.of("a1", large, "a2"), follower.story());
    }

    @Test
    void oldEventsAreTrimmedAndReportedAsGap() {
        topics.topic("a", new TopicOptions().keepFor(Duration.ofNanos(1)));
        String id = topics.publish("a", "a1");
        publish("a", 2, 2);
        topics.registry().sweep();
        assertEquals(0, topics.topic("a").stats().kept());
        assertEquals(List.of("gap a expired null"), resume(id, "a").story());
    }

    @Test
    void keepForMayBeUnlimited() {
        topics.topic("a", new TopicOptions().keepFor(Duration.ofSeconds(Long.MAX_VALUE)));
        publish("a", 1, 3);
        topics.registry().sweep();
        assertEquals(3, topics.topic("a").stats().kept());
    }

    @Test
    void successorOfForgottenTopicReportsGap() {
        String first = topics.publish("other", "o1");
        TopicState topic = topics.registry().pinned("a");
        publish("a", 1, 1);
        topic.log.trim(System.nanoTime() + Duration.ofHours(1).toNanos());
        topics.registry().sweep();
        assertEquals(1, topics.topic("a").stats().published(), "pinned, it is not forgotten");
        topic.unpin();
        topics.registry().sweep();
        assertNull(topics.registry().existing("a"));
        TestFollower back = resume(first, "a", "other");
        assertEquals(List.of("gap a expired null"), back.story());
        assertEquals(List.of(), resume(first, "never", "other").story());
    }

    @Test
    void memoryBudgetEvictsOldestEventsFirst() {
        var small = new Topics(10_000);
        TestFollower.of(loop, small, "quiet"); // a log without events must not hold up the others
        small.publish("old", "x".repeat(3000));
        for (int i = 0; i < 1000; i++) {
            small.publish("busy" + i % 3, "y".repeat(100));
            long bytes = bytes(small, "old", "busy0", "busy1", "busy2");
            assertTrue(bytes <= 10_000, () -> "kept: " + bytes);
        }
        assertEquals(0, small.topic("old").stats().kept());
        assertTrue(small.topic("busy0").stats().kept() > 20);
    }

    private static long bytes(Topics topics, String... names) {
        return List.of(names).stream().mapToLong(name -> topics.topic(name).stats().bytes()).sum();
    }

    @Test
    void misleadingNamesAndIdsAreRejected() {
        for (String name : List.of("gap", "checkpoint")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> topics.publish("a", Event.of("x").event(name)));
        }
        for (String id : List.of("", "0123456789-7", "abcDEF0123-0")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> topics.publish("a", Event.of("x").id(id)),
                    id);
        }
        assertThrows(IllegalArgumentException.class, () -> topics.publish("", "x"));
        assertThrows(IllegalArgumentException.class, () -> topics.publish("x".repeat(257), "x"));
        assertThrows(IllegalArgumentException.class, () -> topics.stream());
        String[] many = IntStream.range(0, 65).mapToObj(i -> "t" + i).toArray(String[]::new);
        assertThrows(IllegalArgumentException.class, () -> topics.stream(many));
        assertEquals(0, topics.head());
    }

    @Test
    void filterPassesAcceptedEvents() {
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a2"));
        var follower = new TestFollower(loop).follow(stream, null);
        publish("a", 1, 3);
        follower.await(2);
        assertEquals(List.of("a1", "a3"), follower.story());
        assertEquals(2, topics.topic("a").stats().delivered());
    }

    @Test
    void filterTestsLatestByKeyToo() {
        topics.topic("a", new TopicOptions().keepEvents(1).latestBy(Event::data));
        publish("a", 1, 4);
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a2"));
        String id = topics.registry().order().epoch().id(0);
        var follower = new TestFollower(loop).follow(stream, id).await(3);
        assertEquals(List.of("a1", "a3", "a4"), follower.story());
    }

    @Test
    void gapBeginsAfterFilteredEvents() {
        topics.topic("a", new TopicOptions().keepEvents(1));
        TopicStream stream =
                topics.stream("a").where((request, event) -> !event.data().equals("a10"));
        var slow = new TestFollower(loop).follow(stream, null);
        slow.sink.stall();
        publish("a", 1, 10);
        slow.sink.unstall();
        slow.await(1);
        slow.sink.stall();
        publish("a", 11, 20);
        slow.sink.unstall();
        slow.await(3);
        assertEquals(List.of("gap a slow 9", "gap a slow 9", "a20"), slow.story());
        assertEquals(topics.registry().order().epoch().id(10), slow.gap(1).from());
    }

    @Test
    void throwingFilterEndsOnlyItsStream() {
        TopicStream stream =
                topics.stream("a")
                        .where(
                                (request, event) -> {
                                    throw new IllegalStateException("thrown by the test");
                                });
        var broken = new TestFollower(loop).follow(stream, null);
        TestFollower healthy = follow("a");
        publish("a", 1, 1);
        loop.runUntil(() -> !broken.sink.isOpen());
        assertEquals(List.of("a1"), healthy.story());
        assertEquals(1, topics.topic("a").followers());
    }

    @Test
    void heartbeatOfQuietStreamCarriesPosition() {
        topics.topic("a", new TopicOptions().checkpoints(true));
        TestFollower follower = follow("a");
        follower.sink.heartbeatNow();
        assertEquals(": \n\n", follower.text());
        String id = topics.publish("other", "o1");
        follower.sink.heartbeatNow();
        assertEquals("checkpoint", follower.event(0).event());
        assertEquals(id, follower.event(0).id());
        assertEquals("", follower.event(0).data());
        follower.sink.heartbeatNow();
        assertEquals(1, follower.events().size());
        publish("a", 1, 1); // not delivered yet: the heartbeat must not pass it by
        follower.sink.heartbeatNow();
        assertEquals(1, follower.events().size());
        loop.run();
        assertEquals(2, follower.events().size());
    }

    @Test
    void heartbeatNeverDisconnectsNorSkips() {
        topics.topic(
                "a",
                new TopicOptions()
                        .keepEvents(1)
                        .checkpoints(true)
                        .onSlow(TopicOptions.OnSlow.DISCONNECT));
        TestFollower follower = follow("a");
        publish("a", 1, 3);
        follower.sink.heartbeatNow();
        loop.run();
        assertTrue(follower.text().contains("retry: "));
        assertTrue(follower.sink.endedProperly());
    }

    @Test
    void hundredThousandQuietTopicsTakeLittleHeap() {
        long before = used();
        for (int i = 0; i < 100_000; i++) {
            topics.publish("topic/" + i, "x");
        }
        long each = (used() - before) / 100_000;
        assertTrue(each < 4_000, () -> each + " bytes for each topic");
        assertEquals(1, topics.topic("topic/99999").stats().kept());
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
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

    /** Events that passed a filter and are not written yet do not count as delivered. */
    @Test
    void checkpointIsBeforeUnwrittenEvents() {
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
        assertEquals(List.of("gap a expired null", "b1", "a4"), again.story());
    }
}
