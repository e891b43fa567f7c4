package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import microdot.Logged;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables of a process whose rows are in a store, while they are read. */
@Timeout(60)
class StoreTablesTest {
    private static final TableOptions OPTIONS = new TableOptions();
    private static final String ROWS = "\"rows\":{\"one\":1}}";

    private final MemoryStore store = new MemoryStore();
    private final Topics before = new Topics(store);
    private final Table table = before.table("sensors", OPTIONS);
    private final LaggingStore lagging = new LaggingStore(store.node());
    private final Topics topics = new Topics(lagging);
    private final TestLoop loop = new TestLoop();
    private final Logged log = new Logged("microdot.sse");

    StoreTablesTest() {
        table.put("one", 1);
    }

    @AfterEach
    void end() {
        topics.close();
        log.close();
    }

    private CompletableFuture<Table> makeTable() {
        var made = new CompletableFuture<Table>();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                made.complete(topics.table("sensors", OPTIONS));
                            } catch (RuntimeException e) {
                                made.completeExceptionally(e);
                            }
                        });
        return made;
    }

    private CountDownLatch holdRows() {
        var held = new CountDownLatch(1);
        lagging.rowsWait = held;
        return held;
    }

    private TestFollower follow() {
        return TestFollower.of(loop, topics, "sensors");
    }

    private static boolean isSnapshot(Event event) {
        return "snapshot".equals(event.event());
    }

    @Test
    void callsAtTheSameTimeShareOneReadAndItsRows() throws Exception {
        CountDownLatch held = holdRows();
        CompletableFuture<Table> first = makeTable();
        lagging.rowsRead.await();
        lagging.failures = 1; // Of another read, if there were one.
        CompletableFuture<Table> second = makeTable();
        table.put("two", 2);
        held.countDown();
        var rows = Map.of("one", 1, "two", 2);
        assertEquals(rows, first.get().rows());
        assertEquals(rows, second.get().rows());
        assertThrows(
                IllegalArgumentException.class, () -> topics.table("sensors", OPTIONS.maxRows(3)));
    }

    /** More than may be under way at the same time. */
    @Test
    void allRowsExpire() {
        Table brief = topics.table("brief", new TableOptions().ttl(Duration.ofNanos(1)));
        for (int i = 0; i < 3000; i++) {
            brief.put("row " + i, i);
        }
        while (!brief.rows().isEmpty()) {
            topics.registry().sweep();
            assertFalse(Thread.interrupted(), "by the timeout of the test");
        }
    }

    /** Such as the {@code ttl} of a process makes that has not seen the newest change. */
    @Test
    void removalOfAnotherRowDuringTheReadIsNone() throws Exception {
        String old = table.put("stays", 1);
        table.put("stays", 2);
        String gone = table.put("goes", 1);
        CountDownLatch held = holdRows();
        CompletableFuture<Table> made = makeTable();
        lagging.rowsRead.await();
        for (Entry each :
                List.of(
                        Entry.remove("sensors", "goes", position(gone)),
                        Entry.remove("sensors", "goes", position(old)),
                        Entry.remove("sensors", "stays", position(old)))) {
            store.append(Append.of(each)).toCompletableFuture().get();
        }
        held.countDown();
        assertEquals(Map.of("one", 1, "stays", 2), made.get().rows());
        assertEquals(Map.of("one", 1, "stays", 2), table.rows());
        var follower = new TestFollower(loop);
        follower.follow(topics.stream("sensors"), gone).await(1);
        assertEquals("remove", follower.event(0).event());
    }

    private static long position(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    /** The engine gives it with the rows before it gives it as what is new. */
    @Test
    void changeThatIsReadBeforeItIsDeliveredIsSentToAClientThatResumesBeforeIt() {
        String id = before.publish("news", "n1");
        lagging.hold();
        table.put("two", 2);
        topics.table("sensors", OPTIONS);
        var follower = new TestFollower(loop).follow(topics.stream("news", "sensors"), id);
        lagging.release();
        follower.await(1);
        before.publish("news", "n2");
        follower.awaitData("n2");
        assertEquals(
                List.of("put", "n2"),
                follower.events().stream()
                        .map(each -> each.event() == null ? each.data() : each.event())
                        .toList());
    }

    @Test
    void streamThatWasOpenedBeforeTheTableGetsItsSnapshot() {
        TestFollower follower = follow();
        table.put("two", 2);
        topics.table("sensors", OPTIONS).put("three", 3);
        follower.await(event -> "put".equals(event.event()) || isSnapshot(event));
        loop.runUntil(() -> follower.text().contains("three"));
        Event first = follower.event(0);
        assertTrue(isSnapshot(first), () -> "" + follower.events());
        assertTrue(String.valueOf(first.data()).contains("\"one\":1,\"two\":2"), first::toString);
    }

    /** Its process was killed when it had rows that are newer than its id. */
    @Test
    void clientWithLaterSnapshotGetsNoGapFromAProcessThatWasStartedSince() {
        before.topic("text", new TopicOptions().snapshot(() -> "all"));
        before.publish("text", "t1");
        String id = before.publish("news", "n1") + "s";
        before.publish("text", "t2");
        table.put("two", 2);
        try (Topics later = new Topics(store.node())) {
            later.table("sensors", OPTIONS);
            later.topic("text", new TopicOptions().snapshot(() -> "all"));
            var follower = new TestFollower(loop);
            follower.follow(later.stream("news", "text", "sensors"), id).await(2);
            assertTrue(follower.events().stream().allMatch(StoreTablesTest::isSnapshot));
        }
    }

    @Test
    void streamThatIsOpenedWhileRowsAreReadWaitsForThem() throws Exception {
        CountDownLatch held = holdRows();
        CompletableFuture<Table> made = makeTable();
        lagging.rowsRead.await();
        TestFollower follower = follow();
        table.put("two", 2);
        assertEquals("", follower.text());
        held.countDown();
        made.get();
        follower.await(1);
        assertTrue(isSnapshot(follower.event(0)), follower.text());
        assertTrue(follower.text().contains("\"one\":1,\"two\":2"), follower.text());
    }

    @Test
    void clientThatResumesWhileRowsAreReadGetsTheChanges() throws Exception {
        String id = table.put("two", 2);
        table.put("three", 3);
        CountDownLatch held = holdRows();
        CompletableFuture<Table> made = makeTable();
        lagging.rowsRead.await();
        TestFollower follower = TestFollower.resuming(loop, topics, id, "sensors");
        held.countDown();
        made.get();
        follower.await(1);
        assertEquals("put", follower.event(0).event());
        assertTrue(follower.text().contains("three"), follower.text());
    }

    @Test
    void filteredStreamThatWasOpenedBeforeTheTableEnds() {
        TestFollower follower =
                new TestFollower(loop)
                        .follow(topics.stream("sensors").where((request, event) -> true), null);
        topics.table("sensors", OPTIONS);
        loop.runUntil(() -> !follower.sink.isOpen());
        assertFalse(follower.text().contains(ROWS), follower.text());
    }

    @Test
    void tableIsRefusedWhenTheEngineStaysAwayAndItsStreamsWait() {
        lagging.away();
        topics.publishTimeout(Duration.ofMillis(1));
        var failure = assertThrows(StoreException.class, () -> topics.table("sensors", OPTIONS));
        assertTrue(failure.toString().contains("publishTimeout"), failure::toString);
        TestFollower follower = follow();
        assertTrue(follower.sink.isOpen());
        lagging.back();
        follower.await(1);
        assertTrue(follower.text().contains(ROWS), follower.text());
        topics.publishTimeout(Duration.ofSeconds(30));
        assertEquals(Map.of("one", 1), topics.table("sensors", OPTIONS).rows());
    }

    @Test
    void rowsAreReadAgainWhenTheTableIsRemovedMeanwhile() throws Exception {
        CountDownLatch held = holdRows();
        CompletableFuture<Table> made = makeTable();
        lagging.rowsRead.await();
        before.remove("sensors");
        held.countDown();
        assertEquals(Map.of(), made.get().rows());
    }

    /** It was acknowledged to another process, and is not here yet. */
    @Test
    void rowThatIsNotHereYetIsRemoved() {
        Table here = topics.table("sensors", OPTIONS);
        lagging.hold();
        table.put("two", 2);
        var removed = new CompletableFuture<Boolean>();
        Thread.ofVirtual().start(() -> removed.complete(here.remove("two")));
        while (!lagging.headAsked && !removed.isDone()) {
            Thread.onSpinWait();
        }
        lagging.awaitHeld(1);
        lagging.release();
        assertTrue(removed.join());
        assertEquals(Map.of("one", 1), here.rows());
        assertFalse(here.remove("two"));
    }

    @Test
    void whetherThereIsARowIsNotSaidWhileTheEngineIsAway() {
        Table here = topics.table("sensors", OPTIONS);
        lagging.away();
        topics.publishTimeout(Duration.ofMillis(1));
        assertThrows(StoreException.class, () -> here.remove("two"));
    }

    @Test
    void limitsOfATableMayBeAsLargeAsTheirTypes() {
        var unlimited = new TableOptions().maxRows(Integer.MAX_VALUE).maxBytes(Long.MAX_VALUE);
        Table large = topics.table("large", unlimited);
        large.put("one", 1);
        assertEquals(Map.of("one", 1), large.rows());
    }
}
