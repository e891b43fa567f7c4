package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;

/** What is kept of a topic, and for how long. */
abstract class StoreRetentionCases extends StoreReadCases {
    private static final Duration LONG = Duration.ofDays(30);

    StoreRetentionCases() {}

    static StoreRetention retention(int events, long bytes, Duration time, boolean latest) {
        return new StoreRetention(events, bytes, time, latest);
    }

    static StoreRetention newest(int events, boolean latest) {
        return retention(events, Long.MAX_VALUE / 2, LONG, latest);
    }

    /** Appends events of 100 bytes, and returns their positions. */
    private List<Long> fill(Node node, String topic, int count) throws Exception {
        var positions = new ArrayList<Long>();
        for (int i = 0; i < count; i++) {
            positions.add(appendOne(node, Entry.event(topic, null, null, new byte[100])));
        }
        return positions;
    }

    private void awaitTrimmed(Node node, String topic, int most) throws Exception {
        eventually(
                node,
                "at most " + most + " entries of " + topic,
                () -> readAll(node, topic).size() <= most);
    }

    /** What is kept is the newest part, at least of a length, and the floor tells. */
    private static void assertNewestKept(Node node, String topic, List<Long> all, int least) {
        Page page = node.store().read(topic, 0, Long.MAX_VALUE, 1 << 20);
        List<Long> kept = positions(page.entries());
        assertTrue(kept.size() >= least, kept.size() + " of at least " + least + " are kept");
        int missing = all.size() - kept.size();
        assertEquals(all.subList(missing, all.size()), kept);
        assertTrue(missing == 0 || page.floor() >= all.get(missing - 1), "floor: " + page.floor());
        assertTrue(kept.isEmpty() || page.floor() < kept.getFirst(), "floor: " + page.floor());
        Kept told = node.store().kept(topic);
        assertEquals(page.floor(), told.floor());
        assertEquals(all.getLast(), told.last());
    }

    @Test
    void topicKeepsANumberOfEntries() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", newest(5, false));
        List<Long> other = fill(node, "other", 20);
        List<Long> all = fill(node, "a", 20 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 5 + retentionSlack());
        assertNewestKept(node, "a", all, 5);
        assertNewestKept(node, "other", other, 20);
    }

    @Test
    void topicKeepsANumberOfBytes() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", retention(1_000_000, 1000, LONG, false));
        List<Long> all = fill(node, "a", 30 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 10 + retentionSlack());
        assertNewestKept(node, "a", all, 10);
        all.add(appendOne(node, Entry.event("a", null, null, new byte[5000])));
        awaitTrimmed(node, "a", 1 + retentionSlack());
        assertNewestKept(node, "a", all, 1);
    }

    @Test
    void topicKeepsEntriesForATime() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", retention(1_000_000, 1 << 30, Duration.ofMinutes(10), false));
        List<Long> all = fill(node, "a", 10);
        pass(Duration.ofMinutes(9));
        all.addAll(fill(node, "a", 10));
        assertNewestKept(node, "a", all, 20);
        pass(Duration.ofMinutes(2));
        awaitTrimmed(node, "a", 10 + retentionSlack());
        assertNewestKept(node, "a", all, 10);
        pass(Duration.ofMinutes(10));
        awaitTrimmed(node, "a", retentionSlack());
        assertNewestKept(node, "a", all, 0);
    }

    @Test
    void newestPositionStaysKnownWhenItsEntryIsTrimmed() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", retention(1_000_000, 1 << 30, Duration.ofMinutes(10), false));
        long last = fill(node, "a", 3).getLast();
        pass(Duration.ofMinutes(11));
        awaitTrimmed(node, "a", retentionSlack());
        assertEquals(last, node.store().kept("a").last());
        skipIf(node, Limit.NO_EXPECTED_LAST);
        var wrong = new Append(List.of(event("a", "x")), OptionalLong.of(0), null);
        var conflict =
                assertInstanceOf(ConflictException.class, failure(node.store().append(wrong)));
        assertEquals(last, conflict.last());
        done(node.store().append(new Append(wrong.entries(), OptionalLong.of(last), null)));
    }

    @Test
    void endOfATopicGoesWithItsTime() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", retention(100, 1 << 30, Duration.ofMinutes(10), false));
        long end = appendOne(node, Entry.close("a"));
        pass(Duration.ofMinutes(9));
        assertEquals(end, node.store().kept("a").closedAt());
        pass(Duration.ofMinutes(2));
        awaitTrimmed(node, "a", retentionSlack());
        eventually(
                node,
                "the end of the topic is forgotten",
                () -> node.store().kept("a").closedAt() == 0);
    }

    @Test
    void retentionCanBeSetAgainAndBeforeTheFirstEntry() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", newest(1, false));
        node.store().retain("a", newest(1000 + retentionSlack(), false));
        List<Long> all = fill(node, "a", 50);
        settle(List.of(node));
        assertNewestKept(node, "a", all, 50);
        node.store().retain("a", newest(3, false));
        all.addAll(fill(node, "a", 2 * retentionSlack()));
        awaitTrimmed(node, "a", 3 + retentionSlack());
        assertNewestKept(node, "a", all, 3);
    }

    @Test
    void rowsStayUntilTheyAreRemoved() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION, Limit.NO_LATEST);
        node.store().retain("a", newest(2, true));
        long x = appendOne(node, Entry.put("a", "x", bytes("x")));
        appendOne(node, Entry.put("a", "y", bytes("y")));
        List<Long> all = fill(node, "a", 5 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 2 + retentionSlack());
        assertEquals(List.of("x", "y"), texts(node.store().latest("a", 0, 1000).entries()));
        assertTrue(
                readAll(node, "a").getFirst().position() >= all.getFirst(),
                "the history does not have the rows");
        long removal = appendOne(node, Entry.remove("a", "x", x));
        List<StoredEntry> newest = node.store().latest("a", 0, 1000).entries();
        assertEquals(List.of("y", ""), texts(newest), "a removal is told while it is kept");
        fill(node, "a", 5 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 2 + retentionSlack());
        Page page = node.store().latest("a", 0, 1000);
        assertEquals(List.of("y"), texts(page.entries()));
        assertTrue(page.floor() >= removal, "floor: " + page.floor() + " of " + removal);
    }

    @Test
    void keyedEventsStayForTheTimeOfTheTopic() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION, Limit.NO_LATEST);
        node.store().retain("a", retention(2, 1 << 30, Duration.ofMinutes(10), true));
        appendOne(node, Entry.event("a", "x", null, bytes("x")));
        appendOne(node, Entry.put("a", "row", bytes("row")));
        fill(node, "a", 5 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 2 + retentionSlack());
        assertEquals(List.of("x", "row"), texts(node.store().latest("a", 0, 1000).entries()));
        pass(Duration.ofMinutes(11));
        eventually(
                node,
                "the event of the key is gone",
                () -> texts(node.store().latest("a", 0, 1000).entries()).equals(List.of("row")));
    }

    @Test
    void newestEntriesOfKeysGoWithTheHistoryWhereNotAskedFor() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION, Limit.NO_LATEST);
        node.store().retain("a", newest(2, false));
        appendOne(node, Entry.event("a", "x", null, bytes("x")));
        fill(node, "a", 5 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 2 + retentionSlack());
        assertEquals(List.of(), texts(node.store().latest("a", 0, 1000).entries()));
    }

    @Test
    void retentionIsKnownAfterReopening() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION);
        node.store().retain("a", newest(5, false));
        List<Long> all = fill(node, "a", 10);
        Node again = reopen();
        all.addAll(fill(again, "a", 10 + 2 * retentionSlack()));
        awaitTrimmed(again, "a", 5 + retentionSlack());
        assertNewestKept(again, "a", all, 5);
    }

    @Test
    void trimmedEntryIsNoLongerFound() throws Exception {
        Node node = open();
        skipIf(node, Limit.ONE_RETENTION, Limit.NO_FIND);
        node.store().retain("a", newest(2, false));
        appendOne(node, Entry.event("a", null, "id", bytes("1")));
        fill(node, "a", 5 + 2 * retentionSlack());
        awaitTrimmed(node, "a", 2 + retentionSlack());
        assertEquals(OptionalLong.empty(), node.store().find("a", "id"));
    }
}
