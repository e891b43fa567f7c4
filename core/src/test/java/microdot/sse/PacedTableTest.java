package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tables whose followers get changes at most once in a time. */
class PacedTableTest extends TopicsFixture {
    private Table paced(Duration interval) {
        return topics.table("t", new TableOptions().minInterval(interval));
    }

    private static List<String> puts(TestFollower client) {
        return client.events().stream()
                .filter(event -> "put".equals(event.event()))
                .map(event -> String.valueOf(event.data()))
                .map(data -> data.replaceAll(".*\"key\":\"(.*)\",\"value\":(.*)}", "$1=$2"))
                .toList();
    }

    @Test
    void changesAfterTheFirstAreWithheldWithTheirIds() {
        Table table = paced(Duration.ofHours(1));
        table.put("a", 0);
        TestFollower client = follow("t", "news").await(1);
        String first = table.put("a", 1);
        loop.run();
        topics.publish("news", "before");
        loop.run();
        table.put("a", 2);
        topics.publish("news", "after");
        table.put("b", 1);
        client.sink.heartbeatNow();
        loop.run();
        assertEquals(List.of("a=1"), puts(client));
        assertEquals("before", client.story().getLast());
        assertFalse(first.equals(client.lastEventId()));
        // A client that disconnects now lacks nothing.
        TestFollower again = resume(client.lastEventId(), "t", "news").await(1);
        assertEquals("put:{\"table\":\"t\",\"key\":\"a\",\"value\":2}", again.story().getFirst());
    }

    @Test
    void newestOfEachRowComesWhenTheTimeIsOver() {
        Table table = paced(Duration.ofMillis(200));
        TestFollower client = follow("t").await(1);
        table.put("a", 1);
        loop.run();
        IntStream.rangeClosed(2, 20).forEach(i -> table.put("a", i));
        table.put("b", 1);
        client.await(event -> String.valueOf(event.data()).contains("\"b\""));
        assertEquals(List.of("a=1", "a=20", "b=1"), puts(client));
        assertEquals(topics.lastEventId(), client.lastEventId());
    }

    @Test
    void manyRowsOfOneMomentComeTogether() {
        Table table = paced(Duration.ofMillis(200));
        IntStream.range(0, 1000).forEach(i -> table.put("k" + i, 0));
        TestFollower client = follow("t").await(1);
        table.put("k0", 1);
        loop.run();
        IntStream.range(0, 1000).forEach(i -> table.put("k" + i, 2));
        client.await(event -> String.valueOf(event.data()).contains("\"k999\",\"value\":2"));
        assertEquals(1001, puts(client).size());
        assertEquals(topics.lastEventId(), client.lastEventId());
    }

    @Test
    void endOfTableWithholdsNothing() {
        Table table = paced(Duration.ofHours(1));
        TestFollower client = follow("t").await(1);
        table.put("a", 1);
        loop.run();
        table.put("a", 2);
        table.put("b", 1);
        topics.topic("t").close();
        loop.runUntil(() -> !client.sink.isOpen());
        assertEquals(List.of("a=1", "a=2", "b=1"), puts(client));
        assertTrue(client.sink.endedProperly());
    }

    @Test
    void eventsAfterRemovalOfTableAreNotWithheld() {
        Table table = paced(Duration.ofHours(1));
        TestFollower client = follow("t").await(1);
        table.put("a", 1);
        loop.run();
        topics.remove("t");
        client.await(4);
        publish("t", 1, 5);
        client.awaitData("t5");
        assertEquals(
                List.of("t1", "t2", "t3", "t4", "t5"),
                client.story().subList(4, client.story().size()));
    }

    @Test
    void tableThatIsMadeAnewHasItsOwnInterval() {
        Table table = paced(Duration.ofHours(1));
        TestFollower client = follow("t").await(1);
        table.put("a", 1);
        loop.run();
        topics.remove("t");
        client.await(4);
        Table again = paced(Duration.ofMillis(1));
        IntStream.rangeClosed(2, 20).forEach(i -> again.put("a", i));
        client.await(event -> String.valueOf(event.data()).contains("\"value\":20"));
        Table last = anew(client);
        last.put("a", 21);
        last.put("b", 22);
        last.put("a", 23);
        loop.run();
        assertEquals(
                List.of("a=21", "b=22", "a=23"),
                puts(client).subList(puts(client).size() - 3, puts(client).size()));
    }

    /** Without an interval. */
    private Table anew(TestFollower client) {
        topics.remove("t");
        client.await(client.events().size() + 2);
        return topics.table("t", new TableOptions());
    }

    @Test
    void idDoesNotGoBackBelowWithheldChanges() {
        Table table = paced(Duration.ofHours(1));
        topics.table("other", new TableOptions());
        TestFollower client = follow("t", "news", "other").await(2);
        table.put("a", 1);
        loop.run();
        publish("news", 1, 3);
        loop.run();
        String id = client.lastEventId();
        IntStream.rangeClosed(2, 500).forEach(i -> table.put("a", i)); // More than it keeps.
        loop.run();
        topics.remove("other");
        client.await(8);
        assertEquals("gap other removed null", client.story().get(6));
        assertEquals(id, client.lastEventId());
        assertEquals(500, table.get("a"));
        TestFollower again = resume(client.lastEventId(), "t", "news", "other").await(3);
        assertTrue(again.story().contains("put:{\"table\":\"t\",\"key\":\"a\",\"value\":500}"));
    }
}
