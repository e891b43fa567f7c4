package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Objects;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Clients that come to a process before it has called {@code topics.table}, and leave it again: the
 * process does not know the rows, so the client gets a snapshot where they are known.
 */
@Timeout(60)
class StoreEarlyStreamsTest {
    private static final TableOptions OPTIONS = new TableOptions();

    private final MemoryStore store = new MemoryStore();
    private final Topics first = new Topics(store);
    private final Table table = first.table("sensors", OPTIONS);
    private final TestLoop loop = new TestLoop();
    private final String known = table.put("one", 1);

    /** A process that has not called {@code topics.table}. */
    private Topics early() {
        return new Topics(store.node());
    }

    /** Goes to a process with an id, and returns the id of the next event of another topic. */
    private static String visit(Topics process, String id) {
        try (Subscription there = process.followAfter(id, "sensors", "a")) {
            return published(process, there);
        }
    }

    private static String published(Topics process, Subscription there) {
        process.publish("a", "x");
        Event event = there.next();
        assertEquals("x", event.data());
        return Objects.requireNonNull(event.id());
    }

    /** Goes to the process that knows the rows, which are sent. */
    private void assertRows(String id, String row) {
        assertRows(first, id, row);
    }

    private static void assertRows(Topics process, String id, String row) {
        try (Subscription back = process.followAfter(id, "sensors", "a")) {
            process.publish("a", "next, if there are no rows");
            Event rows = back.next();
            assertEquals("snapshot", rows.event(), () -> "" + rows);
            assertTrue(String.valueOf(rows.data()).contains(row), () -> "" + rows);
        }
    }

    @Test
    void changeThatIsSeenWhileTheStreamIsOpen() {
        Topics early = early();
        try (Subscription there = early.followAfter(known, "sensors", "a")) {
            table.put("two", 2);
            assertRows(published(early, there), "\"two\":2");
        }
    }

    @Test
    void removalThatIsSeenWhileTheStreamIsOpen() {
        table.put("two", 2);
        Topics early = early();
        try (Subscription there = early.followAfter(known, "sensors", "a")) {
            table.remove("one");
            assertRows(published(early, there), "{\"two\":2}");
        }
    }

    @Test
    void changeThatIsOnlyInTheStore() {
        table.put("two", 2);
        assertRows(visit(early(), known), "\"two\":2");
    }

    @Test
    void changeWhileNobodyFollowedThere() {
        Topics early = early();
        table.put("two", 2);
        assertRows(visit(early, known), "\"two\":2");
    }

    @Test
    void changeThatWasSeenByATopicThatIsForgotten() {
        Topics early = early();
        early.followAfter(known, "sensors").close();
        table.put("two", 2);
        early.registry().timePassed(Duration.ofDays(1));
        assertRows(visit(early, known), "\"two\":2");
    }

    @Test
    void newClientOfAProcessThatHasSeenAChange() {
        Topics early = early();
        try (Subscription there = early.follow("sensors", "a")) {
            table.put("two", 2);
            assertRows(published(early, there), "\"one\":1,\"two\":2");
        }
    }

    @Test
    void lastEventsOfATopicThatIsATableElsewhere() {
        Topics early = early();
        History history = early.history("sensors", null, 3);
        assertRows(history.next(), "\"one\":1");
    }

    @Test
    void clientThatPolls() {
        Topics early = early();
        table.put("two", 2);
        assertRows(early.history("sensors", known, 3).next(), "\"two\":2");
    }

    @Test
    void clientThatIsSentAwayFromAStreamOfTheTableAlone() {
        Topics early = early();
        TestFollower client = TestFollower.of(loop, early, "sensors");
        table.put("two", 2);
        loop.run();
        client.sink.close();
        loop.run();
        Event last = client.event(client.events().size() - 1);
        assertEquals("checkpoint", last.event());
        assertRows(Objects.requireNonNull(last.id()), "\"two\":2");
    }

    @Test
    void processThatLearnsOfTheTableSendsItsRowsOnce() {
        Topics early = early();
        try (Subscription there = early.followAfter(known, "sensors", "a")) {
            table.put("two", 2);
            published(early, there);
            early.table("sensors", OPTIONS);
            early.publish("a", "y");
            Event rows = there.next();
            assertEquals("snapshot", rows.event());
            assertEquals("y", there.next().data());
            String id = published(early, there);
            table.put("three", 3);
            try (Subscription back = first.followAfter(id, "sensors", "a")) {
                assertEquals("put", back.next().event(), "only what it has not got");
            }
        }
    }

    @Test
    void processThatSawChangesSendsRowsToClientsThatReconnect() {
        Topics early = early();
        table.put("two", 2);
        String id = visit(early, known);
        early.table("sensors", OPTIONS);
        assertRows(early, id, "\"two\":2");
    }

    @Test
    void topicThatWasRemovedIsNoTableAnyMore() {
        Topics early = early();
        try (Subscription there = early.followAfter(known, "sensors", "a")) {
            table.put("two", 2);
            assertTrue(published(early, there).endsWith("s"));
            first.remove("sensors");
            assertEquals("gap", there.next().event());
            assertFalse(published(early, there).endsWith("s"));
        }
    }
}
