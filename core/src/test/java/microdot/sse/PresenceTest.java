package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PresenceTest extends TopicsFixture {
    private final Function<Request, @Nullable String> byName = PresenceTest::name;
    private final Table room = topics.presence("room", byName);

    private static @Nullable String name(Request request) {
        return request.query("name");
    }

    private TestFollower join(String query, String... names) {
        return new TestFollower(loop).follow(topics.stream(names), "/" + query, new Headers());
    }

    private void leave(TestFollower client, Table table, Map<String, Object> left) {
        client.sink.disconnect();
        // Another thread removes the row; a watcher's loop sees it.
        TestFollower watcher = join("", table.name());
        loop.runUntil(() -> left.equals(table.rows()) || !watcher.sink.isOpen());
        watcher.sink.disconnect();
    }

    @Test
    void twoTabsOfOneNameAreOneRowWithCount() {
        TestFollower ann = join("?name=ann", "room").await(1);
        assertEquals(
                List.of(
                        "snapshot:{\"table\":\"room\",\"part\":1,\"of\":1,\"rows\":"
                                + "{\"ann\":{\"count\":1}}}"),
                ann.story());
        TestFollower tab = join("?name=ann", "room");
        TestFollower bob = join("?name=bob", "room", "news");
        ann.await(3);
        assertEquals(Map.of("ann", Map.of("count", 2), "bob", Map.of("count", 1)), room.rows());
        leave(tab, room, Map.of("ann", Map.of("count", 1), "bob", Map.of("count", 1)));
        leave(bob, room, Map.of("ann", Map.of("count", 1)));
        ann.await(5);
        assertEquals("remove:{\"table\":\"room\",\"key\":\"bob\"}", ann.story().getLast());
        leave(ann, room, Map.of());
    }

    @Test
    void clientOfClosedPresenceGetsRowsThenTheEnd() {
        TestFollower ann = join("?name=ann", "room").await(1);
        topics.topic("room").close();
        loop.run();
        ann.await(2);
        TestFollower late = join("?name=bob", "room").await(2);
        assertEquals("checkpoint:", late.story().getLast());
        assertEquals(false, late.sink.isOpen());
        assertEquals(false, late.story().getFirst().contains("bob"));
    }

    @Test
    void streamWithoutNameOnlyWatches() {
        join("", "room").await(1);
        join("?name=ann", "other");
        assertEquals(Map.of(), room.rows());
    }

    @Test
    void rowsBelongToStreams() {
        assertThrows(IllegalStateException.class, () -> room.put("ann", 1));
        assertThrows(IllegalStateException.class, () -> room.remove("ann"));
        assertThrows(
                IllegalArgumentException.class, () -> topics.table("room", new TableOptions()));
        assertThrows(IllegalArgumentException.class, () -> topics.presence("room", request -> "x"));
        assertEquals("room", topics.presence("room", byName).name());
    }

    @Test
    void badNameIsTheClientsFault() {
        assertThrows(
                IllegalStateException.class,
                () -> topics.stream("room").where((request, event) -> true).handle(get("/")));
        var app = new Microdot().get("/", topics.stream("room"));
        var response = app.route(get("/?name=" + "x".repeat(300))).run();
        assertEquals(400, response.status());
    }

    private static Request get(String target) {
        var client = new InetSocketAddress(9);
        return new Request("GET", target, new Headers(), new byte[0], client, "http");
    }

    @Test
    void streamThatOutlivesItsTableLeavesNothing() {
        TestFollower ann = join("?name=ann", "room").await(1);
        topics.remove("room");
        Table again = topics.presence("room", byName);
        TestFollower other = join("?name=ann", "room").await(1);
        assertEquals(Map.of("ann", Map.of("count", 1)), again.rows());
        ann.sink.disconnect();
        leave(other, again, Map.of());
    }
}
