package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import microdot.JsonCodec;
import org.junit.jupiter.api.Test;

/** Snapshots in several parts, which are made when a client has room for them. */
class TableSnapshotTest extends TopicsFixture {
    private static final int ROWS = 12;
    private static final String VALUE = "x".repeat(40_000);

    private Table table() {
        Table table = topics.table("t", new TableOptions());
        IntStream.range(0, ROWS).forEach(i -> table.put("k" + i, VALUE));
        return table;
    }

    /** Returns a client that has got the first part and takes no more. */
    private TestFollower stalled() {
        var client = new TestFollower(loop);
        client.sink.takeOnly(1);
        client.follow(topics.stream("t"), null);
        return client.await(1);
    }

    private static Map<?, ?> data(Event event) {
        return JsonCodec.standard().decode(String.valueOf(event.data()).getBytes(UTF_8), Map.class);
    }

    private static Set<Object> rows(TestFollower client) {
        var keys = new HashSet<Object>();
        for (Event event : client.events()) {
            Map<?, ?> data = event.event() == null ? Map.of() : data(event);
            switch (String.valueOf(event.event())) {
                case "snapshot" -> {
                    if (Objects.equals(data.get("part"), 1)) {
                        keys.clear();
                    }
                    keys.addAll(((Map<?, ?>) Objects.requireNonNull(data.get("rows"))).keySet());
                }
                case "put" -> keys.add(data.get("key"));
                case "remove" -> keys.remove(data.get("key"));
                default -> {}
            }
        }
        return keys;
    }

    @Test
    void rowThatChangesBetweenPartsComesAfterThem() {
        Table table = table();
        TestFollower client = stalled();
        String id = topics.lastEventId();
        table.put("k11", "new");
        table.remove("k10");
        client.sink.unstall();
        client.await(ROWS + 2);
        List<Event> parts = client.events().subList(0, ROWS);
        for (int i = 0; i < ROWS; i++) {
            assertEquals(i + 1, data(parts.get(i)).get("part"));
            assertEquals(ROWS, data(parts.get(i)).get("of"));
            assertEquals(i + 1 < ROWS ? null : id, parts.get(i).id());
        }
        // What followed the fence is not in a part that was made after it.
        assertEquals(Map.of(), data(parts.get(ROWS - 1)).get("rows"));
        assertEquals("put", client.event(ROWS).event());
        assertEquals("remove", client.event(ROWS + 1).event());
        assertEquals(table.rows().keySet(), rows(client));
    }

    @Test
    void clientDisconnectedBehindPartsGetsWhatChangedMeanwhile() {
        Table table = table();
        TestFollower client = stalled();
        table.put("k11", "new");
        table.remove("k10");
        // The last part has the id of the fence, and lacks what changed after it.
        client.sink.room(1).takeOnly(9L * client.text().length() + 100);
        client.await(ROWS);
        client.sink.disconnect();
        TestFollower again = resume(client.lastEventId(), "t").await(2);
        assertEquals(
                List.of(
                        "put:{\"table\":\"t\",\"key\":\"k11\",\"value\":\"new\"}",
                        "remove:{\"table\":\"t\",\"key\":\"k10\"}"),
                again.story());
    }

    @Test
    void tableThatIsRemovedBetweenPartsLeavesNoRows() {
        table();
        TestFollower client = stalled();
        topics.remove("t");
        topics.publish("t", "\"a topic now\"");
        client.sink.unstall();
        client.awaitData("\"a topic now\"");
        assertEquals(Set.of(), rows(client));
    }

    @Test
    void tableThatIsMadeAnewBetweenPartsHasItsOwnRows() {
        table();
        TestFollower client = stalled();
        topics.remove("t");
        topics.table("t", new TableOptions()).put("other", 1);
        client.sink.unstall();
        client.await(event -> String.valueOf(event.data()).contains("\"other\""));
        assertEquals(Set.of("other"), rows(client));
    }

    @Test
    void newClientsShareParts() {
        Table table = table();
        SnapshotSource source = Objects.requireNonNull(topics.registry().pinned("t").snapshots());
        Snapshot one = source.take(stop -> {}, 0);
        Snapshot other = source.take(stop -> {}, 0);
        assertSame(one.first(), other.first());
        LaterParts later = Objects.requireNonNull(one.later());
        var second = later.first();
        assertSame(second, Objects.requireNonNull(other.later()).first());
        assertEquals(ROWS - 1, later.count());
        table.put("k0", "new");
        // One that came before the change may have the parts from before it.
        assertSame(second, Objects.requireNonNull(source.take(stop -> {}, 0).later()).first());
        long head = topics.head();
        assertEquals(head, source.take(stop -> {}, head).fence());
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void stalledNewClientsOfChangingTableHoldNoParts() {
        Table table = topics.table("t", new TableOptions());
        IntStream.range(0, 100).forEach(i -> table.put("k" + i, VALUE));
        var clients = new ArrayList<FakeSink>();
        long before = heap();
        for (int i = 0; i < 40; i++) {
            var sink = new FakeSink(loop, bytes -> {}).takeOnly(1);
            var wish = new StartPosition.Wish(null, topics.head(), 0);
            topics.followers().follow(sink, List.of("t"), wish, null, new StreamClosingFrames());
            loop.run();
            clients.add(sink);
            table.put("k" + i, VALUE);
        }
        long each = (heap() - before) / clients.size();
        System.out.println(each + " bytes of heap for each stalled client of 4 MB of rows");
        assertFalse(clients.stream().anyMatch(client -> !client.isOpen()));
        // The table is 4 MB; besides, its log keeps the changes: 40 KB for each client.
        assertTrue(each < 400_000, () -> each + " bytes each");
    }
}
