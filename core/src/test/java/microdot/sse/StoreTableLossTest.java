package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import microdot.Logged;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables whose store has lost something: their rows are read again. */
@Timeout(60)
class StoreTableLossTest {
    private static final TableOptions OPTIONS = new TableOptions();

    private final MemoryStore engine = new MemoryStore();
    private final LaggingStore store = new LaggingStore(engine);
    private final Topics topics = new Topics(store);
    private final Table table = topics.table("t", OPTIONS);
    private final Logged log = new Logged("microdot.sse");

    @AfterEach
    void end() {
        topics.close();
        log.close();
    }

    private static long position(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    /** Loses everything after an id; the rows that are then read arrive when the latch is down. */
    private CountDownLatch loseAndHoldRows(String id) throws InterruptedException {
        var held = new CountDownLatch(1);
        store.rowsWait = held;
        engine.lose(position(id));
        store.rowsRead.await();
        return held;
    }

    @Test
    void nobodyTakesRowsThatAreNotReadYetForNone() throws Exception {
        String kept = table.put("kept", 1);
        table.put("lost", 2);
        CountDownLatch held = loseAndHoldRows(kept);
        topics.publishTimeout(Duration.ofMillis(1));
        assertThrows(StoreException.class, table::rows);
        assertThrows(StoreException.class, () -> table.get("kept"));
        assertThrows(StoreException.class, () -> table.put("new", 3));
        assertThrows(StoreException.class, () -> table.remove("kept"));
        assertThrows(StoreException.class, () -> topics.table("t", OPTIONS));
        SnapshotSource snapshots =
                Objects.requireNonNull(
                        Objects.requireNonNull(topics.registry().existing("t")).snapshots());
        assertThrows(StoreException.class, () -> snapshots.take(stop -> {}, 0));
        topics.publishTimeout(Duration.ofSeconds(30));
        held.countDown();
        assertEquals(Map.of("kept", 1), table.rows());
        assertTrue(table.remove("kept"));
        assertEquals(Map.of(), table.rows());
    }

    @Test
    void changesMeanwhileAreKept() throws Exception {
        String kept = table.put("kept", 1);
        CountDownLatch held = loseAndHoldRows(kept);
        Topics other = new Topics(engine.node());
        other.table("t", OPTIONS).put("new", 2);
        other.table("t", OPTIONS).remove("kept");
        held.countDown();
        assertEquals(Map.of("new", 2), table.rows());
    }

    @Test
    void secondLossDuringTheReadIsNotUndoneByIt() throws Exception {
        String first = table.put("a", 1);
        String second = table.put("b", 2);
        CountDownLatch held = loseAndHoldRows(second);
        engine.lose(position(first));
        held.countDown();
        assertEquals(Map.of("a", 1), table.rows());
        try (Subscription late = topics.follow("t")) {
            assertTrue(String.valueOf(late.next().data()).endsWith("\"rows\":{\"a\":1}}"));
        }
    }

    @Test
    void tableThatIsRemovedDuringTheReadStaysSo() throws Exception {
        String kept = table.put("kept", 1);
        CountDownLatch held = loseAndHoldRows(kept);
        topics.remove("t");
        held.countDown();
        assertEquals(Map.of(), topics.table("t", OPTIONS).rows());
    }

    @Test
    void failureThatIsNoneOfTheEngineIsLoggedAndTheRowsAreReadAgain() {
        Table other = topics.table("other", OPTIONS);
        other.put("k", 1);
        String last = table.put("k", 2);
        store.broken = new IllegalStateException("the test");
        engine.lose(position(last));
        assertEquals(Map.of("k", 2), table.rows());
        assertEquals(Map.of("k", 1), other.rows());
        List<String> messages = log.await(1);
        assertEquals(1, messages.size());
        assertTrue(messages.getFirst().contains("could not be read after a loss"));
    }

    @Test
    void storeThatRefusesARetentionOnceKeepsNoTableUnread() {
        String last = table.put("k", 1);
        store.retainFailure = new StoreException("the test");
        engine.lose(position(last));
        assertEquals(Map.of("k", 1), table.rows());
        assertEquals(1, log.await(1).size());
    }

    @Test
    void retentionOfLaterTopicsIsSetAfterAFaultOfTheStore() throws Exception {
        store.retained.clear();
        store.retainFailure = new IllegalStateException("the test");
        topics.options("", new TopicOptions().keepEvents(3));
        topics.publish("bad", "1");
        List<String> messages = log.await(1);
        assertTrue(
                messages.getFirst().startsWith("the retention of topic \"bad\" could not be set"),
                messages::toString);
        topics.publish("good", "1");
        assertEquals("good", store.retained.take());
    }

    @Test
    void tableThatCannotBeReadHoldsUpNoOther() {
        Table other = topics.table("other", OPTIONS);
        other.put("k", 1);
        String last = table.put("k", 2);
        store.failTopic("t");
        engine.lose(position(last));
        assertEquals(Map.of("k", 1), other.rows());
        store.failTopic("");
        assertEquals(Map.of("k", 2), table.rows());
    }

    @Test
    void whatTheStoreKeepsIsSetAgain() throws Exception {
        topics.topic("news", new TopicOptions().keepEvents(10));
        topics.topic("standard");
        String last = table.put("k", 1);
        store.retained.clear();
        engine.lose(position(last));
        var again = new HashSet<String>();
        while (again.size() < 2) {
            assertTrue(again.add(store.retained.take()));
        }
        assertEquals(Set.of("news", "t"), again);
        assertEquals(Map.of("k", 1), table.rows());
        assertTrue(store.retained.isEmpty());
    }

    @Test
    void closeEndsStreamsThatWaitForTheRows() {
        String last = table.put("k", 1);
        store.failTopic("t");
        engine.lose(position(last));
        try (Subscription waiting = topics.follow("t")) {
            topics.close();
            assertFalse(waiting.hasNext());
        }
    }
}
