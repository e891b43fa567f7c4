package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import microdot.JsonCodec;
import microdot.sse.store.ConflictException;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Topics of several nodes on one store. */
@Timeout(60)
class StoreTopicsTest {
    private final MemoryStore store = new MemoryStore();
    private final Topics topics = new Topics(store);

    /** A process that starts after another has ended, or beside it. */
    private Topics node() {
        return new Topics(store.node());
    }

    private static List<String> texts(Subscription subscription, int count) {
        var texts = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            Event event = subscription.next();
            texts.add(event.event() == null ? String.valueOf(event.data()) : event.event());
        }
        return texts;
    }

    private static Gap gap(Event event) {
        assertEquals("gap", event.event());
        return JsonCodec.standard().decode(String.valueOf(event.data()).getBytes(UTF_8), Gap.class);
    }

    @Test
    void followersOfAllNodesGetEverythingInOneOrder() {
        Topics other = node();
        try (Subscription here = topics.follow("a", "b");
                Subscription there = other.follow("a", "b")) {
            topics.publish("a", "1");
            other.publish("b", "2");
            topics.publish("a", "3");
            assertEquals(List.of("1", "2", "3"), texts(here, 3));
            assertEquals(List.of("1", "2", "3"), texts(there, 3));
        }
    }

    @Test
    void idIsValidOnEveryNodeAndAfterRestart() {
        String id = topics.publish("a", "1");
        topics.publish("a", "2");
        topics.publish("b", "3");
        topics.close();
        Topics restarted = node();
        restarted.publish("a", "4");
        try (Subscription resumed = restarted.followAfter(id, "a", "b")) {
            assertEquals(List.of("2", "3", "4"), texts(resumed, 3));
        }
    }

    @Test
    void longHistoryIsReadInPages() {
        topics.topic("a", new TopicOptions().keepEvents(20_000).keepBytes(100 << 20));
        String id = topics.publish("a", "first");
        var expected = new ArrayList<String>();
        for (int i = 0; i < 2000; i++) {
            String text = i + "x".repeat(200);
            expected.add(text);
            topics.publish("a", text);
        }
        Topics restarted = node();
        for (int round = 0; round < 3; round++) {
            String live = "live" + round;
            try (Subscription resumed = restarted.followAfter(id, "a")) {
                topics.publish("a", live);
                expected.add(live);
                assertEquals(expected, texts(resumed, expected.size()));
            }
        }
    }

    @Test
    void whatTheStoreNoLongerKeepsIsReportedAsGap() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        String id = topics.publish("a", "1");
        String lost = topics.publish("a", "2");
        topics.publish("a", "3");
        topics.publish("a", "4");
        Topics restarted = node();
        try (Subscription resumed = restarted.followAfter(id, "a")) {
            Gap gap = gap(resumed.next());
            assertEquals(new Gap("a", id, lost, null, "expired"), gap);
            assertEquals(List.of("3", "4"), texts(resumed, 2));
        }
    }

    @Test
    void lastEventsComeFromTheStore() {
        for (int i = 0; i < 10; i++) {
            topics.publish("a", i);
        }
        Topics restarted = node();
        restarted.publish("a", "live");
        History history = restarted.history("a", null, 3);
        assertEquals(
                List.of("8", "9", "live"), history.events().stream().map(Event::data).toList());
        assertEquals(List.of(), restarted.history("a", history.next(), 3).events());
    }

    @Test
    void newestOfEachKeyComesFromTheStore() {
        var options = new TopicOptions().latestBy(Event::event).keepEvents(2);
        topics.topic("a", options);
        for (int i = 0; i < 3; i++) {
            topics.publish("a", Event.of("x" + i).event("x"));
            topics.publish("a", Event.of("y" + i).event("y"));
        }
        topics.publish("a", Event.of("y3").event("y"));
        Topics restarted = node();
        restarted.topic("a", options);
        try (Subscription fresh = restarted.follow("a")) {
            assertEquals("x2", fresh.next().data());
            assertEquals("y3", fresh.next().data());
        }
    }

    @Test
    void ownIdIsFoundInTheStore() {
        topics.publish("a", Event.of("1").id("mine-1"));
        topics.publish("a", Event.of("2").id("mine-2"));
        Topics restarted = node();
        try (Subscription resumed = restarted.followAfter("mine-1", "a")) {
            assertEquals("mine-2", resumed.next().id());
        }
    }

    @Test
    void closedTopicStaysClosedEverywhere() {
        Topics other = node();
        topics.publish("job", "1");
        topics.topic("job").close("done");
        for (Topics each : List.of(topics, other, node())) {
            assertTrue(each.topic("job").isClosed());
            assertThrows(IllegalStateException.class, () -> each.publish("job", "more"));
            try (Subscription late = each.follow("job")) {
                assertEquals(List.of("1", "done", "checkpoint"), texts(late, 3));
                assertFalse(late.hasNext());
            }
        }
    }

    @Test
    void removedTopicIsRemovedEverywhere() {
        Topics other = node();
        try (Subscription there = other.follow("a")) {
            topics.publish("a", "1");
            assertEquals("1", there.next().data());
            topics.remove("a");
            assertEquals("removed", gap(there.next()).reason());
            topics.publish("a", "2");
            assertEquals("2", there.next().data());
        }
    }

    @Test
    void tableHasItsRowsOnEveryNode() {
        Table table = topics.table("sensors", new TableOptions());
        table.put("one", 1);
        table.put("two", 2);
        table.put("three", 3);
        table.remove("two");
        Table late = node().table("sensors", new TableOptions());
        assertEquals(Map.of("one", 1, "three", 3), late.rows());
        late.put("four", 4);
        assertEquals(4, table.get("four"));
        table.remove("one");
        assertNull(late.get("one"));
    }

    @Test
    void clientOfTableGetsOnlyChangesAfterRestart() {
        Table table = topics.table("sensors", new TableOptions());
        String id = table.put("one", 1);
        table.put("two", 2);
        table.remove("one");
        Topics restarted = node();
        restarted.table("sensors", new TableOptions());
        try (Subscription resumed = restarted.followAfter(id, "sensors")) {
            assertEquals(List.of("put", "remove"), texts(resumed, 2));
        }
    }

    @Test
    void rowsExpireOnceOnAllNodes() {
        var options = new TableOptions().ttl(Duration.ofMinutes(1));
        Table table = topics.table("sensors", options);
        Topics other = node();
        Table there = other.table("sensors", options);
        table.put("one", 1);
        try (Subscription follower = other.follow("sensors")) {
            assertEquals("snapshot", follower.next().event());
            topics.registry().timePassed(Duration.ofMinutes(2));
            other.registry().timePassed(Duration.ofMinutes(2));
            assertEquals("remove", follower.next().event());
            table.put("two", 2);
            assertEquals("put", follower.next().event());
        }
        assertEquals(Map.of("two", 2), there.rows());
    }

    @Test
    void loss() {
        String kept = topics.publish("a", "1");
        String lost = topics.publish("a", "2");
        try (Subscription open = topics.follow("a")) {
            store.lose(position(kept));
            Gap gap = gap(open.next());
            assertEquals("restarted", gap.reason());
            assertEquals(lost, gap.from());
            topics.publish("a", "3");
            Event third = open.next();
            assertEquals("3", third.data());
            Topics other = node();
            for (Topics each : List.of(topics, other)) {
                try (Subscription resumed = each.followAfter(lost, "a")) {
                    assertEquals(
                            new Gap("a", lost, gap.to(), null, "restarted"), gap(resumed.next()));
                    assertEquals("3", resumed.next().data());
                }
                try (Subscription resumed = each.followAfter(gap.to(), "a")) {
                    assertEquals("3", resumed.next().data());
                }
            }
            try (Subscription resumed = other.followAfter(kept, "a")) {
                assertEquals("3", resumed.next().data());
            }
        }
    }

    @Test
    void lossesThatLeaveNothingInBetweenAreOneGap() {
        var ids = new ArrayList<String>();
        for (int i = 0; i < 4; i++) {
            ids.add(topics.publish("a", "lost " + i));
            store.lose(0);
        }
        String after = topics.publish("a", "after");
        for (String id : ids) {
            for (Topics each : List.of(topics, node())) {
                try (Subscription resumed = each.followAfter(id, "a")) {
                    Gap gap = gap(resumed.next());
                    assertEquals("restarted", gap.reason());
                    assertEquals(id, gap.from());
                    assertEquals(position(after) - 1, position(gap.to()));
                    assertEquals(after, resumed.next().id());
                }
            }
        }
    }

    @Test
    void whatIsKeptBetweenTwoLossesIsSentAfterTheGap() {
        String first = topics.publish("a", "1");
        String lost = topics.publish("a", "lost");
        store.lose(position(first));
        String kept = topics.publish("a", "2");
        topics.publish("a", "lost, too");
        store.lose(position(kept));
        topics.publish("a", "3");
        for (Topics each : List.of(topics, node())) {
            try (Subscription resumed = each.followAfter(lost, "a")) {
                assertEquals(position(kept) - 1, position(gap(resumed.next()).to()));
                assertEquals("2", resumed.next().data());
                assertEquals("3", resumed.next().data()); // It never had what was lost then.
            }
        }
    }

    @Test
    void lossOfTableGivesWhatTheStoreHas() {
        Table table = topics.table("sensors", new TableOptions());
        String kept = table.put("one", 1);
        table.put("one", 2);
        try (Subscription open = topics.follow("sensors")) {
            assertEquals("snapshot", open.next().event());
            store.lose(position(kept));
            assertEquals("restarted", gap(open.next()).reason());
            assertEquals("snapshot", open.next().event());
        }
        assertEquals(Map.of("one", 1), table.rows());
    }

    @Test
    void rowsAreLoadedAfterALossThoughTheEngineCannotBeReadAtFirst() {
        var failing = new LaggingStore(store.node());
        Topics other = new Topics(failing);
        Table table = other.table("sensors", new TableOptions());
        String kept = table.put("one", 1);
        table.put("one", 2);
        try (Subscription open = other.follow("sensors", "a")) {
            assertEquals("snapshot", open.next().event());
            failing.failures = 2;
            store.lose(position(kept));
            var told = List.of(open.next(), open.next(), open.next());
            assertEquals(2, told.stream().filter(event -> "gap".equals(event.event())).count());
            assertTrue(
                    told.stream()
                            .map(event -> String.valueOf(event.data()))
                            .anyMatch(data -> data.endsWith("\"rows\":{\"one\":1}}")));
            topics.publish("a", "after");
            assertEquals("after", open.next().data());
        }
        assertEquals(Map.of("one", 1), table.rows());
    }

    @Test
    void tableCanBeMadeAfterTheEngineFailed() {
        topics.table("sensors", new TableOptions()).put("one", 1);
        var failing = new LaggingStore(store.node());
        Topics other = new Topics(failing).publishTimeout(Duration.ofMillis(1));
        failing.failures = 1;
        assertThrows(StoreException.class, () -> other.table("sensors", new TableOptions()));
        other.publishTimeout(Duration.ofSeconds(30));
        assertEquals(Map.of("one", 1), other.table("sensors", new TableOptions()).rows());
    }

    @Test
    void slowFollowerIsToldOfEachLoss() {
        String kept = topics.publish("a", "1");
        String lost = topics.publish("a", "2");
        store.lose(position(kept));
        String second = topics.publish("a", "3");
        store.lose(position(second));
        topics.publish("a", "4");
        try (Subscription resumed = topics.followAfter(lost, "a")) {
            assertEquals("restarted", gap(resumed.next()).reason());
            assertEquals("3", resumed.next().data());
        }
    }

    /** More than a stream that is not read takes, and less than what the topic keeps. */
    private List<String> publish(String... texts) {
        String large = "x".repeat(9000);
        return Stream.of(texts).map(text -> topics.publish("a", text + " " + large)).toList();
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }

    /** Returns the numbers of events, and the ends of gaps, up to an event. */
    private static List<String> readUntil(Subscription follower, String last) {
        var found = new ArrayList<String>();
        while (found.isEmpty() || !found.getLast().equals(last)) {
            Event event = follower.next();
            found.add(
                    "gap".equals(event.event())
                            ? "gap to " + position(gap(event).to())
                            : String.valueOf(event.data()).split(" ", -1)[0]);
        }
        return found;
    }

    @Test
    void openStreamThatLagsGetsAGapForEachLoss() {
        try (Subscription slow = topics.follow("a")) {
            List<String> first = publish(texts(0, 100));
            store.lose(position(first.get(89)));
            List<String> second = publish(texts(200, 210));
            store.lose(position(second.get(4)));
            String last = topics.publish("a", "last");
            var expected = new ArrayList<>(List.of(texts(0, 90)));
            expected.add("gap to " + (position(second.getFirst()) - 1));
            expected.addAll(List.of(texts(200, 205)));
            expected.add("gap to " + (position(last) - 1));
            expected.add("last");
            assertEquals(expected, readUntil(slow, "last"));
        }
    }

    @Test
    void clientThatResumesAfterALossTakesTheGapFromNoOpenStream() {
        try (Subscription slow = topics.follow("a")) {
            List<String> ids = publish(texts(0, 100));
            store.lose(position(ids.get(89)));
            // Its page has all that is left, and the last page of the slow stream begins in it.
            try (Subscription resumed = topics.followAfter(ids.get(83), "a")) {
                assertEquals(List.of(texts(84, 90)), readUntil(resumed, "89"));
            }
            String last = topics.publish("a", "last");
            var expected = new ArrayList<>(List.of(texts(0, 90)));
            expected.add("gap to " + (position(last) - 1));
            expected.add("last");
            assertEquals(expected, readUntil(slow, "last"));
        }
    }

    @Test
    void clientThatResumesAfterALossGetsWhatIsKeptInOnePageAndInSeveral() {
        List<String> ids = publish(texts(0, 100));
        store.lose(position(ids.get(89)));
        topics.publish("a", "last");
        for (int from : List.of(5, 88)) {
            var expected = new ArrayList<>(List.of(texts(from + 1, 90)));
            expected.add("last");
            for (Topics each : List.of(topics, node())) {
                try (Subscription resumed = each.followAfter(ids.get(from), "a")) {
                    assertEquals(expected, readUntil(resumed, "last"));
                }
            }
        }
    }

    private static long position(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    /** A process that its engine has left behind begins an epoch, and the engine lost nothing. */
    @Test
    void endsAndIdsOfWhatAProcessHasMissedStayValid() {
        var strange = new LaggingStore(store.node());
        Topics other = new Topics(strange);
        try (Subscription open = other.follow("job")) {
            String before = topics.publish("job", "1");
            assertEquals("1", open.next().data());
            strange.hold();
            String newest = topics.publish("account", "1");
            topics.topic("job").close();
            strange.begins(
                    new StoreEpoch(
                            StoreEpoch.newName(), position(before), position(newest) + (1L << 32)));
            assertEquals("restarted", gap(open.next()).reason());
            while (open.hasNext()) { // Until the end of the topic.
                open.next();
            }
            assertTrue(other.topic("job").isClosed());
            var options = new PublishOptions().expectedLastId(newest);
            other.publish("account", Event.of("2"), options);
        }
    }

    @Test
    void topicThatIsMadeATableBesideItsRemovalIsATable() throws Exception {
        for (int i = 0; i < 500; i++) {
            String name = "table " + i;
            topics.table(name, new TableOptions()).put("old", 0);
            var begun = new CountDownLatch(1);
            Thread removal =
                    Thread.startVirtualThread(
                            () -> {
                                begun.countDown();
                                topics.remove(name);
                            });
            begun.await();
            while (removal.isAlive()) {
                try {
                    topics.table(name, new TableOptions()).put("between", i);
                } catch (IllegalStateException e) {
                    // It was removed since.
                }
            }
            topics.table(name, new TableOptions()).put("new", 1);
            assertEquals(1, topics.table(name, new TableOptions()).rows().get("new"));
        }
    }

    @Test
    void endThatWasNotLostStays() {
        topics.publish("job", "1");
        topics.topic("job").close();
        long end = store.head();
        topics.publish("a", "2");
        store.lose(end);
        assertThrows(IllegalStateException.class, () -> topics.publish("job", "more"));
        topics.topic("other").close();
        store.lose(end);
        topics.publish("other", "open again");
    }

    @Test
    void topicOfAnotherProcessCanBeRemoved() {
        topics.publish("a", "secret");
        Topics other = node();
        assertTrue(other.remove("a"));
        assertFalse(other.remove("never used"));
        assertEquals(List.of(), topics.history("a", null, 9).events());
        assertEquals(List.of(), node().history("a", null, 9).events());
    }

    @Test
    void removedTableCanBeMadeAgainOnEveryProcess() {
        Topics other = node();
        topics.table("t", new TableOptions()).put("k", 1);
        other.table("t", new TableOptions());
        topics.remove("t");
        topics.table("t", new TableOptions()).put("k", 2);
        Table again = other.table("t", new TableOptions());
        assertEquals(Map.of("k", 2), again.rows());
        again.put("k", 3);
        assertEquals(3, again.get("k"));
    }

    @Test
    void listIsPublishedAsOneStep() {
        try (Subscription follower = topics.follow("a")) {
            String id = topics.publish("a", List.of(Event.of("1"), Event.of("2")));
            assertEquals("1", follower.next().data());
            Event second = follower.next();
            assertEquals("2", second.data());
            assertEquals(id, second.id());
        }
    }

    @Test
    void expectedLastId() {
        for (Topics each : List.of(topics, new Topics())) {
            var none = new PublishOptions().expectedLastId("");
            String first = each.publish("a", "1", none);
            assertThrows(ConflictException.class, () -> each.publish("a", "2", none));
            String second = each.publish("a", "2", new PublishOptions().expectedLastId(first));
            assertThrows(
                    ConflictException.class,
                    () -> each.publish("a", "3", new PublishOptions().expectedLastId(first)));
            assertEquals(each.lastEventId(), second);
        }
    }

    @Test
    void idempotencyKeyGivesTheFirstIdAgain() {
        for (Topics each : List.of(topics, new Topics())) {
            var once = new PublishOptions().idempotencyKey("k");
            String first = each.publish("a", "1", once);
            assertEquals(first, each.publish("a", "1", once));
            assertEquals(first, each.lastEventId());
        }
    }

    @Test
    void asyncPublishCompletes() throws Exception {
        for (Topics each : List.of(topics, new Topics())) {
            CompletableFuture<String> id = each.publishAsync("a", "1").toCompletableFuture();
            assertEquals(id.get(), each.lastEventId());
        }
    }

    @Test
    void clientAheadOfTheNodeWaitsForIt() {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging);
        lagging.hold();
        topics.publish("a", "1");
        String ahead = topics.publish("a", "2");
        var resumed = new CompletableFuture<Subscription>();
        Thread.ofVirtual().start(() -> resumed.complete(other.followAfter(ahead, "a")));
        lagging.release();
        try (Subscription follower = resumed.join()) {
            topics.publish("a", "3");
            assertEquals("3", follower.next().data());
        }
    }

    @Test
    void clientAheadOfTheEngineGetsGap() {
        String id = topics.publish("a", "1");
        try (Subscription follower = topics.followAfter(id + "0", "a")) {
            assertEquals("invalid", gap(follower.next()).reason());
        }
    }

    @Test
    void publisherWaitsUntilItsFollowersCanHaveTheEvent() throws Exception {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging);
        lagging.hold();
        CompletableFuture<String> id = other.publishAsync("a", "1").toCompletableFuture();
        assertFalse(id.isDone());
        lagging.release();
        assertEquals(other.lastEventId(), id.get());
    }

    @Test
    void whatFollowsAnAsyncPublishHoldsUpNobody() throws Exception {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging);
        lagging.hold();
        var never = new CompletableFuture<Void>();
        var begun = new CompletableFuture<Boolean>();
        other.publishAsync("a", "1")
                .thenAccept(
                        id -> {
                            begun.complete(Thread.currentThread().isVirtual());
                            never.join();
                        });
        lagging.release();
        assertTrue(begun.get());
        other.publish("a", "2");
        never.complete(null);
    }

    @Test
    void publisherOfAnAcknowledgedEventReturnsWhenTheTopicsClose() throws Exception {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging).publishTimeout(Duration.ofHours(1));
        lagging.hold();
        CompletableFuture<String> id = other.publishAsync("a", "1").toCompletableFuture();
        other.close();
        assertEquals("1", topics.history("a", null, 1).events().getFirst().data());
        assertEquals(id.get(), topics.lastEventId());
    }

    @Test
    void publisherWaitsForAnEngineThatIsAway() throws Exception {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging).publishTimeout(Duration.ofSeconds(30));
        lagging.away();
        var id = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> id.complete(other.publish("a", "1")));
        try (Subscription follower = other.follow("a")) { // Streams go on.
            assertFalse(id.isDone());
            lagging.back();
            assertEquals("1", follower.next().data());
        }
        assertEquals(other.lastEventId(), id.get());
    }

    @Test
    void publisherGetsAnErrorWhenTheEngineStaysAway() {
        var lagging = new LaggingStore(store.node());
        Topics other = new Topics(lagging).publishTimeout(Duration.ofMillis(1));
        lagging.away();
        var failure = assertThrows(StoreException.class, () -> other.publish("a", "1"));
        assertFalse(failure.isUnknown());
        assertTrue(String.valueOf(failure.getMessage()).contains("the test took it away"));
    }

    @Test
    void manyClientsThatComeBackReadEachPageOnce() {
        topics.topic("a", new TopicOptions().keepEvents(20_000).keepBytes(100 << 20));
        String id = topics.publish("a", "first");
        for (int i = 0; i < 1000; i++) {
            topics.publish("a", "x".repeat(1000));
        }
        var counting = new LaggingStore(store.node());
        Topics restarted = new Topics(counting);
        for (int client = 0; client < 20; client++) {
            try (Subscription resumed = restarted.followAfter(id, "a")) {
                texts(resumed, 1000);
            }
        }
        assertTrue(counting.reads < 25, () -> counting.reads + " reads");
    }
}
