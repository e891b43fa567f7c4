package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import microdot.JsonCodec;
import microdot.sse.store.ConflictException;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a process shows of a history that it has not in memory, beside one that has. */
@Timeout(60)
class StoreHistoryTest {
    private final AtomicLong passed = new AtomicLong();
    private final MemoryStore store =
            new MemoryStore(() -> Instant.now().minusSeconds(120 - passed.get()));
    private final Topics topics = new Topics(store);

    private Topics node() {
        return new Topics(store.node());
    }

    private static List<String> ids(List<Event> events) {
        return events.stream().map(event -> String.valueOf(event.id())).toList();
    }

    private static List<Object> data(List<Event> events) {
        return events.stream().map(Event::data).toList();
    }

    @Test
    void lastEventsHaveTheirIds() {
        var ids = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            ids.add(topics.publish("a", "a" + i));
        }
        for (Topics each : List.of(topics, node(), new Topics(new LaggingStore(store.node())))) {
            History history = each.history("a", null, 3);
            assertEquals(ids.subList(2, 5), ids(history.events()));
            assertEquals(ids.get(4), history.next());
        }
    }

    @Test
    void lastEventsOfSeveralTopicsHaveIdsFromWhereAllAreComplete() {
        topics.publish("b", "b0");
        String before = topics.publish("a", "a0");
        topics.publish("a", "a1");
        String b1 = topics.publish("b", "b1");
        for (Topics each : List.of(topics, node())) {
            var loop = new TestLoop();
            var follower = new TestFollower(loop).follow(each.stream("a", "b").last(1), null);
            follower.awaitData("b1");
            List<Event> events =
                    follower.events().stream().filter(event -> event.event() == null).toList();
            assertEquals(List.of("a1", "b1"), data(events), before);
            assertEquals(b1, events.get(1).id());
        }
    }

    private static final TopicOptions DISCONNECT =
            new TopicOptions().onSlow(TopicOptions.OnSlow.DISCONNECT);

    /** It lags by definition, and that is not its fault. */
    @Test
    void clientThatReadsHistoryIsNotSlow() {
        String id = topics.publish("a", "first");
        topics.topic("a", DISCONNECT.keepEvents(10_000));
        for (int i = 0; i < 1500; i++) {
            topics.publish("a", i + "x".repeat(100));
        }
        Topics node = node();
        node.topic("a", DISCONNECT.keepEvents(10_000));
        var follower = new TestFollower(new TestLoop()).follow(node.stream("a"), id);
        follower.await(1500);
        assertTrue(follower.sink.isOpen());
        assertEquals(1500, follower.events().size());
    }

    /** What others have read is kept, and it must not be taken for what the engine has. */
    @Test
    void gapGoesUpToWhatIsKeptNowAndNotToWhatAnotherClientHasRead() {
        TopicOptions few = new TopicOptions().keepEvents(20);
        String id = topics.publish("a", "first");
        Topics node = node();
        for (Topics each : List.of(topics, node)) {
            each.topic("a", few);
            each.topic("d", DISCONNECT.keepEvents(20));
        }
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 400; i++) {
                topics.publish("a", "a" + round + "-" + i);
                topics.publish("d", "d" + round + "-" + i);
            }
            var follower = new TestFollower(new TestLoop()).follow(node.stream("a", "d"), id);
            follower.awaitData("a" + round + "-399").awaitData("d" + round + "-399");
            List<String> gaps =
                    follower.story().stream().filter(each -> each.startsWith("gap")).toList();
            assertEquals(List.of("gap a expired null", "gap d expired null"), gaps);
            assertEquals(42, follower.events().size());
            assertTrue(follower.sink.isOpen());
        }
    }

    /** The engine trims and removes what a process that is behind has still to deliver. */
    @Test
    void gapOfAProcessThatIsBehindCoversNothingThatItDeliversLater() {
        for (boolean removes : List.of(false, true)) {
            String id = topics.publish("a", "first");
            var lagging = new LaggingStore(store.node());
            Topics node = new Topics(lagging);
            for (Topics each : List.of(topics, node)) {
                each.topic("a", new TopicOptions().keepEvents(20));
            }
            publish("x", 100);
            lagging.hold();
            String y0 = publish("y", 100);
            if (removes) {
                topics.remove("a");
            }
            var loop = new TestLoop();
            List<TestFollower> followers =
                    List.of(
                            new TestFollower(loop).follow(node.stream("a"), id),
                            new TestFollower(loop).follow(node.stream("a").last(500), null));
            followers.getFirst().await(event -> "gap".equals(event.event()));
            followers.getLast().awaitData("x99");
            String end = topics.publish("a", "end");
            while (lagging.releaseFirst()) {
                loop.run();
            }
            for (TestFollower each : followers) {
                each.awaitData("end");
                assertEquals(end, each.lastEventId());
                assertRising(each.events(), y0);
            }
        }
    }

    private String publish(String name, int count) {
        String first = topics.publish("a", name + 0);
        for (int i = 1; i < count; i++) {
            topics.publish("a", name + i);
        }
        return first;
    }

    /** No event is of before the one that was told or sent last. */
    private static void assertRising(List<Event> events, String hint) {
        long at = 0;
        for (Event event : events) {
            boolean gap = "gap".equals(event.event());
            String id = gap ? TestFollower.TestGap.of(event).to() : String.valueOf(event.id());
            long position = Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
            assertTrue(position > at, id + " after " + at + " " + hint + events);
            at = position;
        }
    }

    @Test
    void historyOfAnEndedTopicIsTheSameInEveryProcess() {
        for (int i = 0; i < 4; i++) {
            topics.publish("job", "" + i);
        }
        topics.topic("job").close("done");
        for (int limit : List.of(1, 3, 5, 9)) {
            History here = topics.history("job", null, limit);
            History there = node().history("job", null, limit);
            assertEquals(ids(here.events()), ids(there.events()), "limit " + limit);
            assertEquals(data(here.events()), data(there.events()));
            assertEquals(here.next(), there.next(), "limit " + limit);
            assertEquals(here.closed(), there.closed(), "limit " + limit);
            History after = node().history("job", here.next(), 9);
            assertEquals(topics.history("job", here.next(), 9).closed(), after.closed());
            assertTrue(after.events().isEmpty());
        }
    }

    @Test
    void nothingIsExpectedOfATopicThatWasRemoved() throws Exception {
        var none = new PublishOptions().expectedLastId("");
        for (Topics each : List.of(topics, node(), new Topics())) {
            String old = each.publish("a", "1");
            try (Subscription follower = each.follow("a")) {
                each.remove("a");
                var former = new PublishOptions().expectedLastId(old);
                assertThrows(ConflictException.class, () -> each.publish("a", "x", former));
                String first = each.publish("a", "2", none);
                assertThrows(ConflictException.class, () -> each.publish("a", "3", none));
                assertEquals("removed", gap(follower.next()).reason());
                assertEquals(first, follower.next().id());
            }
            each.remove("a");
            each.publishAsync("a", "4", none).toCompletableFuture().get();
            var failure =
                    assertThrows(
                            ExecutionException.class,
                            () -> each.publishAsync("a", "5", none).toCompletableFuture().get());
            assertTrue(failure.getCause() instanceof ConflictException, failure::toString);
            each.remove("a");
        }
    }

    private static Gap gap(Event event) {
        assertEquals("gap", event.event());
        return JsonCodec.standard().decode(String.valueOf(event.data()).getBytes(UTF_8), Gap.class);
    }

    @Test
    void endThatIsOverDoesNotRefuseTheFirstPublishAfterARestart() {
        var brief = new TopicOptions().keepFor(Duration.ofMinutes(1));
        topics.topic("job", brief);
        topics.publish("job", "1");
        topics.topic("job").close();
        passed.set(120);
        Topics later = node();
        assertTrue(later.topic("job").isClosed()); // By the options of a topic that has none yet.
        later.topic("job", brief);
        assertFalse(later.topic("job").isClosed());
        String id = later.publish("job", "2");
        assertEquals(List.of("2"), data(later.history("job", null, 9).events()));
        later.registry().sweep();
        later.topic("job", brief); // It was not forgotten.
        assertEquals(id, later.history("job", null, 9).events().getFirst().id());
    }

    @Test
    void clientThatIsSlowerThanTheStoreTrimsGetsAsMuchAsItCan() {
        var options = new TopicOptions().keepEvents(200).keepBytes(10 << 20);
        topics.topic("a", options);
        String first = topics.publish("a", "0");
        for (int i = 1; i < 400; i++) {
            topics.publish("a", i + "x".repeat(1000));
        }
        var lagging = new LaggingStore(store.node());
        Topics restarted = new Topics(lagging);
        restarted.topic("a", options);
        lagging.afterFirstRead =
                () -> {
                    for (int i = 400; i < 550; i++) {
                        topics.publish("a", i + "x".repeat(1000));
                    }
                };
        var loop = new TestLoop();
        var follower = new TestFollower(loop).follow(restarted.stream("a"), first);
        follower.await(event -> String.valueOf(event.data()).startsWith("549x"));
        List<Event> events = follower.events();
        List<Gap> gaps =
                events.stream()
                        .filter(event -> "gap".equals(event.event()))
                        .map(StoreHistoryTest::gap)
                        .toList();
        assertEquals("expired", gaps.get(0).reason());
        assertEquals(first, gaps.get(0).from());
        assertEquals(2, gaps.size(), () -> "" + gaps);
        long covered = number(first);
        int got = 0;
        int gap = 0;
        for (Event event : events) {
            if ("gap".equals(event.event())) {
                assertEquals(
                        covered, number(String.valueOf(gaps.get(gap).from())), () -> "" + gaps);
                covered = number(gaps.get(gap++).to());
            } else if (event.event() == null) {
                assertEquals(++covered, number(String.valueOf(event.id())), "an event is missing");
                got++;
            }
        }
        assertTrue(got > 150, got + " events");
    }

    private static long number(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    @Test
    void halfOfACharacterIsRefused() {
        String half = "room \ud83d";
        var topic = assertThrows(IllegalArgumentException.class, () -> topics.publish(half, "1"));
        assertTrue(topic.toString().contains("surrogate"), topic::toString);
        assertThrows(IllegalArgumentException.class, () -> topics.follow("\ude42"));
        assertThrows(IllegalArgumentException.class, () -> topics.topic("\ude42\ud83d"));
        var options = new PublishOptions();
        var key = assertThrows(IllegalArgumentException.class, () -> options.idempotencyKey(half));
        assertTrue(key.toString().contains("idempotencyKey: "), key::toString);
        topics.publish("room \ud83d\ude42", "1", options.idempotencyKey("\ud83d\ude42"));
    }
}
