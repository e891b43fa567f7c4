package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TableTest extends TopicsFixture {
    private final Table table = topics.table("t", new TableOptions());

    private static String snapshot(String rows) {
        return "snapshot:{\"table\":\"t\",\"part\":1,\"of\":1,\"rows\":{" + rows + "}}";
    }

    private static String put(String key, Object value) {
        return "put:{\"table\":\"t\",\"key\":\"" + key + "\",\"value\":" + value + "}";
    }

    private static String remove(String key) {
        return "remove:{\"table\":\"t\",\"key\":\"" + key + "\"}";
    }

    @Test
    void newClientGetsRowsThenChanges() {
        table.put("kitchen", Map.of("temp", 21.5));
        table.put("hall", 3);
        table.put("kitchen", Map.of("temp", 22));
        TestFollower client = follow("t").await(1);
        assertTrue(table.remove("hall"));
        table.put("attic", "cold");
        loop.run();
        assertEquals(
                List.of(
                        snapshot("\"hall\":3,\"kitchen\":{\"temp\":22}"),
                        remove("hall"),
                        put("attic", "\"cold\"")),
                client.story());
        assertEquals(topics.lastEventId(), client.event(2).id());
    }

    @Test
    void emptyTableHasSnapshot() {
        assertEquals(List.of(snapshot("")), follow("t").await(1).story());
    }

    @Test
    void clientResumesWithChangesSinceItsId() {
        table.put("a", 1);
        String id = table.put("b", 1);
        table.put("a", 2);
        table.remove("b");
        assertEquals(List.of(put("a", 2), remove("b")), resume(id, "t").story());
    }

    @Test
    void slowClientGetsNewestOfEachRow() {
        table.put("a", 0);
        table.put("gone", 0);
        TestFollower slow = follow("t").await(1);
        slow.sink.stall();
        loop.run();
        for (int i = 1; i <= 1000; i++) {
            table.put("a", i);
        }
        table.remove("gone");
        table.put("b", 1);
        slow.sink.unstall();
        slow.await(4);
        List<String> story = slow.story();
        assertEquals(
                List.of(put("a", 1000), remove("gone"), put("b", 1)),
                story.subList(1, story.size()));
        assertEquals(topics.lastEventId(), slow.lastEventId());
    }

    @Test
    void slowClientGetsManyRowsInBatches() {
        IntStream.range(0, 1500).forEach(i -> table.put("k" + i, 0));
        TestFollower slow = follow("t").await(1);
        slow.sink.stall();
        loop.run();
        for (int round = 1; round <= 3; round++) {
            for (int i = 0; i < 1500; i++) {
                table.put("k" + i, round);
            }
        }
        slow.sink.unstall();
        slow.await(1501);
        assertEquals(put("k0", 3), slow.story().get(1));
        assertEquals(put("k1499", 3), slow.story().getLast());
        assertEquals(1501, slow.events().size());
    }

    @Test
    void clientThatMissedForgottenRemovalsGetsRowsAnew() {
        String id = table.put("stays", 1);
        IntStream.range(0, 1100).forEach(i -> table.put("k" + i, i));
        IntStream.range(0, 1100).forEach(i -> table.remove("k" + i));
        TestFollower late = resume(id, "t").await(2);
        assertEquals(List.of("gap t expired null", snapshot("\"stays\":1")), late.story());
        assertNull(late.event(0).id());
        assertEquals(topics.lastEventId(), late.event(1).id());
    }

    @Test
    void clientWithLaterSnapshotGetsNoEmptyGap() {
        Table large = topics.table("large", new TableOptions());
        IntStream.range(0, 4).forEach(i -> large.put("k" + i, "x".repeat(40_000)));
        var stalled = new TestFollower(loop);
        stalled.sink.takeOnly(1);
        stalled.follow(topics.stream("large"), null).await(1);
        String id = topics.lastEventId();
        IntStream.range(0, 1100).forEach(i -> large.put("r" + i, i));
        IntStream.range(0, 1100).forEach(i -> large.remove("r" + i));
        TestFollower client = resume(id + "s", "large");
        client.await(event -> "snapshot".equals(event.event()));
        TestFollower.TestGap gap = client.gap(0);
        assertEquals(id + "s", gap.from());
        assertEquals(topics.lastEventId(), gap.to());
        assertTrue(stalled.sink.isOpen());
    }

    /** All removals are known: its rows are those of a new client, and it has lost nothing. */
    @Test
    void clientWithLaterSnapshotGetsNoGapThoughMuchHasChanged() {
        table.put("a", 1);
        String id = topics.publish("news", "n1");
        IntStream.range(0, 500).forEach(i -> table.put("a", i));
        TestFollower client = resume(id + "s", "news", "t").await(1);
        assertEquals(List.of(snapshot("\"a\":499")), client.story());
        assertEquals(topics.lastEventId(), client.event(0).id());
    }

    @Test
    void idOfEarlierRunGetsGapAndRows() {
        table.put("a", 1);
        TestFollower late = resume("0123456789-77", "t").await(2);
        assertEquals(List.of("gap t restarted null", snapshot("\"a\":1")), late.story());
    }

    @Test
    void largeSnapshotComesInPartsAndOnlyTheLastHasAnId() {
        String value = "x".repeat(10_000);
        IntStream.range(0, 20).forEach(i -> table.put("k" + i, value));
        TestFollower client = follow("t").await(4);
        assertEquals(4, client.events().size());
        for (int part = 1; part <= 4; part++) {
            Event event = client.event(part - 1);
            String start = "{\"table\":\"t\",\"part\":" + part + ",\"of\":4,\"rows\":{\"k";
            assertTrue(String.valueOf(event.data()).startsWith(start), event::toString);
            assertEquals(part == 4 ? topics.lastEventId() : null, event.id());
        }
    }

    @Test
    void clientDisconnectedBetweenPartsGetsAllPartsAgain() {
        String value = "x".repeat(40_000);
        String id = table.put("first", value);
        IntStream.range(0, 4).forEach(i -> table.put("k" + i, value));
        topics.remove("unused");
        IntStream.range(0, 1100).forEach(i -> table.put("r" + i, i));
        IntStream.range(0, 1100).forEach(i -> table.remove("r" + i));
        var cut = new TestFollower(loop);
        cut.sink.takeOnly(50_000);
        cut.follow(topics.stream("t"), id).await(2);
        cut.sink.disconnect();
        loop.run();
        assertNull(TestFollower.TestGap.of(cut.event(0)).missed());
        // No event had an id, so it comes with the one that it had.
        assertTrue(cut.events().stream().allMatch(event -> event.id() == null));
        TestFollower again = resume(id, "t").await(6);
        assertEquals(5, again.story().stream().filter(e -> e.startsWith("snapshot")).count());
    }

    @Test
    void tableSharesStreamWithTopics() {
        table.put("a", 1);
        TestFollower client = follow("news", "t").await(1);
        topics.publish("news", "n1");
        table.put("a", 2);
        topics.publish("news", "n2");
        loop.run();
        assertEquals(List.of(snapshot("\"a\":1"), "n1", put("a", 2), "n2"), client.story());
    }

    /** With the plain id of an older event, it would get changes that its rows contain. */
    @Test
    void eventOlderThanRowsHasIdThatAsksForRowsAgain() {
        String start = topics.publish("news", "n0");
        topics.publish("news", "n1");
        IntStream.range(0, 1100).forEach(i -> table.put("k" + i, i));
        IntStream.range(0, 1100).forEach(i -> table.remove("k" + i));
        table.put("a", 1);
        TestFollower client = resume(start, "news", "t").await(3);
        assertEquals(List.of("gap t expired null", snapshot("\"a\":1"), "n1"), client.story());
        String id = String.valueOf(client.event(2).id());
        assertTrue(id.endsWith("s"), id);
        table.put("a", 2);
        // The rows that it has already, and then what has changed.
        assertEquals(
                List.of("gap t expired null", snapshot("\"a\":1"), put("a", 2)),
                resume(id, "news", "t").await(3).story());
        String kept = topics.publish("news", "n2") + "s";
        assertEquals(List.of(snapshot("\"a\":2")), resume(kept, "news", "t").await(1).story());
    }

    @Test
    void rowsAreReadAsTheirJson() {
        record Reading(double temp) {}
        table.put("a", new Reading(1.5));
        table.put("b", List.of(1, "x"));
        table.put("c\"\u00e4", true);
        assertEquals(Map.of("temp", 1.5), table.get("a"));
        assertEquals(new Reading(1.5), table.get("a", Reading.class));
        assertNull(table.get("none"));
        assertNull(table.get("none", Reading.class));
        var wrong =
                assertThrows(IllegalArgumentException.class, () -> table.get("b", Reading.class));
        String message = String.valueOf(wrong.getMessage());
        assertTrue(message.startsWith("table: \"t\", key \"b\" is no Reading: "), message);
        assertEquals(
                Map.of("a", Map.of("temp", 1.5), "b", List.of(1, "x"), "c\"\u00e4", true),
                table.rows());
        assertEquals("t", table.name());
        table.remove("a");
        assertNull(table.get("a"));
    }

    @Test
    void removalWithoutRowSendsNothing() {
        table.put("a", 1);
        TestFollower client = follow("t").await(1);
        assertTrue(table.remove("a"));
        assertFalse(table.remove("a"));
        assertFalse(table.remove("b"));
        loop.run();
        assertEquals(2, client.events().size());
    }

    private static String message(Class<? extends Exception> type, Executable action) {
        return String.valueOf(assertThrows(type, action).getMessage());
    }

    @Test
    void putThrowsAtMaxRows() {
        Table two = topics.table("two", new TableOptions().maxRows(2));
        two.put("a", 1);
        two.put("b", 1);
        assertEquals(
                "maxRows: table \"two\" has 2 rows (expected: fewer before a new key is put; remove"
                        + " rows, or set maxRows higher)",
                message(IllegalStateException.class, () -> two.put("c", 1)));
        two.put("a", 2);
        two.remove("b");
        two.put("c", 1);
        assertEquals(Map.of("a", 2, "c", 1), two.rows());
    }

    @Test
    void putThrowsAtMaxBytes() {
        Table small = topics.table("small", new TableOptions().maxBytes(1000));
        small.put("a", "x".repeat(500));
        String message =
                message(IllegalStateException.class, () -> small.put("b", "x".repeat(500)));
        assertTrue(message.startsWith("maxBytes: table \"small\" would take 1"), message);
        small.put("a", "y".repeat(500));
        small.remove("a");
        small.put("b", "x".repeat(500));
    }

    /** Rows are never evicted, so that they may not take what events need. */
    @Test
    void rowsOfAllTablesTakeHalfOfTheBudget() {
        var tight = new Topics(20_000);
        Table one = tight.table("one", new TableOptions());
        Table other = tight.table("other", new TableOptions());
        one.put("a", "x".repeat(4500));
        other.put("a", "x".repeat(4000));
        String message =
                message(IllegalStateException.class, () -> other.put("b", "x".repeat(1000)));
        assertTrue(
                message.startsWith("maxBytes: with table \"other\", all tables would take 1"),
                message);
        IntStream.range(0, 100).forEach(i -> tight.publish("events", "x".repeat(500)));
        assertEquals(1, one.rows().size());
        TestFollower client = TestFollower.of(loop, tight, "other").await(1);
        assertTrue(client.text().contains("xxx"));
        other.remove("a");
        other.put("b", "x".repeat(1000));
    }

    @Test
    void publishToTableIsRefused() {
        String expected = "topic: \"t\" is a table (expected: Table.put and Table.remove)";
        assertEquals(
                expected, message(IllegalStateException.class, () -> topics.publish("t", "x")));
        boolean[] changed = {false};
        assertEquals(
                expected,
                message(
                        IllegalStateException.class,
                        () ->
                                topics.publish(
                                        "t",
                                        () -> {
                                            changed[0] = true;
                                            return "x";
                                        })));
        assertFalse(changed[0]);
        assertEquals(
                expected,
                message(IllegalStateException.class, () -> topics.topic("t").close("last")));
    }

    @Test
    void tableIsSetOnce() {
        topics.table("t", new TableOptions()).put("a", 1);
        assertEquals(1, table.rows().size());
        message(
                IllegalArgumentException.class,
                () -> topics.table("t", new TableOptions().maxRows(1)));
        message(IllegalArgumentException.class, () -> topics.topic("t", new TopicOptions()));
        topics.publish("used", "x");
        assertEquals(
                "table: \"used\" is a topic with events or options (expected: a name that only the"
                        + " table has)",
                message(
                        IllegalArgumentException.class,
                        () -> topics.table("used", new TableOptions())));
    }

    @Test
    void badRowsAreRefused() {
        assertEquals(
                "key: 0 characters (expected: 1 to 256)",
                message(IllegalArgumentException.class, () -> table.put("", 1)));
        message(IllegalArgumentException.class, () -> table.put("x".repeat(257), 1));
        message(IllegalArgumentException.class, () -> table.put("a", Event.of("x")));
        var circle = new ArrayList<Object>();
        circle.add(circle);
        message(IllegalArgumentException.class, () -> table.put("a", circle));
        assertEquals(Map.of(), table.rows());
    }

    @Test
    void halfOfSurrogatePairIsRefusedWhereItCannotBeRead() {
        assertEquals(
                "key: [97, 56320, 98] as code points (expected: no half of a surrogate pair)",
                message(IllegalArgumentException.class, () -> table.put("a\udc00b", 1)));
        String refused =
                message(
                        IllegalArgumentException.class,
                        () -> table.put("a", Map.of("x", Map.of("b\ud800", 1))));
        assertTrue(refused.contains("half of a surrogate pair"), refused);
        table.put("\ud83d\ude00", Map.of("\ud83d\ude00", "text\ud800"));
        assertEquals(Map.of("\ud83d\ude00", Map.of("\ud83d\ude00", "text\ud800")), table.rows());
    }

    @Test
    void filterOnTableIsRefused() {
        TopicStream stream = topics.stream("t");
        String refused =
                message(IllegalStateException.class, () -> stream.where((request, event) -> true));
        assertTrue(refused.startsWith("where: a filter on table \"t\""), refused);
        var client = new TestFollower(loop);
        TopicStream chosen = topics.stream(request -> List.of("t")).where((request, event) -> true);
        assertThrows(AssertionError.class, () -> client.follow(chosen, null));
    }

    @Test
    void rowExpiresAndIsRemovedOnce() {
        Table brief = topics.table("brief", new TableOptions().ttl(Duration.ofNanos(1)));
        brief.put("a", 1);
        TestFollower client = follow("brief").await(1);
        client.await(2);
        topics.registry().sweep();
        loop.run();
        assertEquals(2, client.events().size());
        assertEquals("remove:{\"table\":\"brief\",\"key\":\"a\"}", client.story().get(1));
        assertEquals(Map.of(), brief.rows());
    }

    @Test
    void rowThatIsPutInTimeStays() {
        Table brief = topics.table("brief", new TableOptions().ttl(Duration.ofHours(1)));
        brief.put("a", 1);
        topics.registry().sweep();
        assertEquals(Map.of("a", 1), brief.rows());
    }

    @Test
    void removedTableIsGone() {
        table.put("a", 1);
        TestFollower client = follow("t").await(1);
        topics.remove("t");
        client.await(3);
        assertEquals(List.of("gap t removed null", snapshot("")), client.story().subList(1, 3));
        assertNull(client.event(1).id());
        assertEquals(topics.lastEventId(), client.lastEventId());
        assertEquals(Map.of(), table.rows());
        assertEquals(
                "table: \"t\" was removed (expected: no change until topics.table makes it again)",
                message(IllegalStateException.class, () -> table.put("a", 2)));
        Table again = topics.table("t", new TableOptions().maxRows(5));
        again.put("b", 1);
        loop.run();
        assertEquals(put("b", 1), client.story().get(3));
        assertSame(4, client.events().size());
    }

    @Test
    void clientThatWasAwayWhenTableWasRemovedLosesItsRows() {
        String before = table.put("a", 1);
        topics.remove("t");
        TestFollower late = resume(before, "t").await(2);
        assertEquals(List.of("gap t expired null", snapshot("")), late.story());
        TestFollower earlierRun = resume("0123456789-77", "t").await(2);
        assertEquals(List.of("gap t restarted null", snapshot("")), earlierRun.story());
        assertEquals(List.of(), follow("t").story());
    }

    @Test
    void clientThatWasAwayLosesItsRowsIfTopicHasFollowersOrKeys() {
        String before = table.put("a", 1);
        TestFollower other = follow("t").await(1);
        topics.remove("t");
        other.await(3);
        TestFollower late = resume(before, "t").await(2);
        assertEquals(List.of("gap t removed null", snapshot("")), late.story());
        topics.topic("t", new TopicOptions().latestBy(Event::event));
        topics.publish("t", "now");
        late = resume(before, "t").await(3);
        assertEquals(List.of("gap t removed null", snapshot(""), "now"), late.story());
    }

    @Test
    void clientThatCameAfterTableWasRemovedGetsNoRowsOfIt() {
        table.put("a", 1);
        topics.remove("t"); // And forgotten: nothing is kept of it.
        topics.topic("t", new TopicOptions().keepEvents(1));
        String after = topics.publish("t", "1");
        publish("t", 2, 3);
        assertEquals(List.of("gap t expired null", "t3"), resume(after, "t").await(2).story());

        topics.table("used", new TableOptions()).put("a", 1);
        TestFollower keeps = follow("used").await(1);
        topics.remove("used");
        keeps.await(3);
        topics.topic("used", new TopicOptions().keepEvents(1));
        after = topics.publish("used", "1");
        publish("used", 2, 3);
        assertEquals(
                List.of("gap used expired null", "used3"), resume(after, "used").await(2).story());
    }

    @Test
    void clientThatHasEndOfForgottenTableLosesItsRows() {
        table.put("a", 1);
        topics.topic("t").close();
        String end = topics.lastEventId();
        topics.registry().timePassed(Duration.ofDays(1));
        topics.topic("t", new TopicOptions().keepEvents(1));
        publish("t", 1, 2);
        assertEquals(
                List.of("gap t expired null", snapshot(""), "t2"),
                resume(end, "t").await(3).story());
    }

    @Test
    void closedTableSendsRowsThenEnds() {
        table.put("a", 1);
        topics.topic("t").close();
        assertEquals(
                "table: \"t\" is closed (expected: no change after its close)",
                message(IllegalStateException.class, () -> table.put("a", 2)));
        TestFollower client = follow("t");
        loop.runUntil(() -> !client.sink.isOpen());
        assertEquals(snapshot("\"a\":1"), client.story().getFirst());
        assertEquals("checkpoint:", client.story().getLast());
    }
}
