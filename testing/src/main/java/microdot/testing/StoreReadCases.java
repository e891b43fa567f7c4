package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;

/** Pages, newest entries of keys, ids, ends and removals of topics. */
abstract class StoreReadCases extends StorePublisherCases {
    StoreReadCases() {}

    @Test
    void pagesJoinWithoutAHole() throws Exception {
        Node node = open();
        for (int i = 0; i < 20; i++) {
            appendOne(node, Entry.event("a", null, null, new byte[100 + i]));
            appendOne(node, event("other", "x"));
        }
        var sizes = new ArrayList<Integer>();
        long after = 0;
        Page page;
        int pages = 0;
        do {
            page = node.store().read("a", after, Long.MAX_VALUE, 500);
            pages++;
            assertFalse(page.entries().isEmpty(), "a page without an entry");
            assertTrue(page.entries().size() <= 6, "of about 500 bytes: " + page.entries().size());
            assertEquals(0, page.floor());
            page.entries().forEach(each -> sizes.add(each.entry().bytes().length));
            after = page.entries().getLast().position();
        } while (page.more());
        assertTrue(pages > 3, pages + " pages");
        assertEquals(IntStream.range(100, 120).boxed().toList(), List.copyOf(sizes));
    }

    @Test
    void pageHasOneEntryAtLeast() throws Exception {
        Node node = open();
        appendOne(node, Entry.event("a", null, null, new byte[5000]));
        appendOne(node, Entry.event("a", null, null, new byte[5000]));
        Page first = node.store().read("a", 0, Long.MAX_VALUE, 10);
        assertEquals(1, first.entries().size());
        assertTrue(first.more());
        long after = first.entries().getFirst().position();
        Page second = node.store().read("a", after, Long.MAX_VALUE, 10);
        assertEquals(1, second.entries().size());
        assertFalse(second.more());
    }

    @Test
    void readKeepsToItsBounds() throws Exception {
        Node node = open();
        var at = new ArrayList<Long>();
        for (int i = 0; i < 5; i++) {
            at.add(appendOne(node, event("a", "" + i)));
        }
        assertRead(node, at.get(0), at.get(3), "1", "2", "3");
        assertRead(node, at.get(4), Long.MAX_VALUE);
        assertRead(node, at.get(4) + 1_000_000, Long.MAX_VALUE);
        assertRead(node, at.get(2), at.get(2));
        assertRead(node, 0, at.get(0), "0");
        assertEquals(List.of(), node.store().read("unknown", 0, Long.MAX_VALUE, 1000).entries());
        assertEquals(0, node.store().read("unknown", 0, Long.MAX_VALUE, 1000).floor());
    }

    private static void assertRead(Node node, long after, long upTo, String... texts) {
        Page page = node.store().read("a", after, upTo, 1000);
        assertEquals(List.of(texts), texts(page.entries()));
        assertFalse(page.more(), "no more up to " + upTo);
    }

    @Test
    void keptTellsTheNewestEntryAndTheEnd() throws Exception {
        Node node = open();
        assertEquals(new Kept(0, 0, 0), node.store().kept("a"));
        appendOne(node, event("a", "1"));
        long second = appendOne(node, event("a", "2"));
        appendOne(node, event("other", "x"));
        assertEquals(new Kept(0, second, 0), node.store().kept("a"));
        long end = appendOne(node, Entry.close("a"));
        assertEquals(new Kept(0, end, end), node.store().kept("a"));
        long again = appendOne(node, event("a", "3"));
        assertEquals(new Kept(0, again, 0), node.store().kept("a"), "open again");
    }

    @Test
    void removalOfATopicRemovesWhatWasBefore() throws Exception {
        Node node = open();
        appendOne(node, Entry.event("a", "key", "id", bytes("old")));
        appendOne(node, Entry.put("a", "row", bytes("old")));
        appendOne(node, Entry.close("a"));
        appendOne(node, event("b", "stays"));
        long clear = appendOne(node, Entry.clear("a"));
        assertEquals(new Kept(clear - 1, clear, 0), node.store().kept("a"));
        Page page = node.store().read("a", 0, Long.MAX_VALUE, 1 << 20);
        assertEquals(clear - 1, page.floor());
        assertEquals(List.of(clear), positions(page.entries()));
        if (!node.store().limits().contains(Limit.NO_LATEST)) {
            assertEquals(List.of(), node.store().latest("a", 0, 1 << 20).entries());
        }
        if (!node.store().limits().contains(Limit.NO_FIND)) {
            assertEquals(OptionalLong.empty(), node.store().find("a", "id"));
        }
        long later = appendOne(node, Entry.put("a", "row", bytes("new")));
        assertEquals(new Kept(clear - 1, later, 0), node.store().kept("a"));
        assertEquals(List.of("", "new"), texts(readAll(node, "a")));
        assertEquals(List.of("stays"), texts(readAll(node, "b")));
        settle(List.of(node));
        assertEquals(5, node.tail().entries("a").size(), "the tail gets the removal itself");
    }

    @Test
    void latestHasTheNewestEntryOfEachKey() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_LATEST);
        appendOne(node, Entry.put("a", "x", bytes("x1")));
        appendOne(node, Entry.event("a", "y", null, bytes("y1")));
        appendOne(node, event("a", "without a key"));
        long z = appendOne(node, Entry.put("a", "z", bytes("z1")));
        appendOne(node, Entry.put("other", "x", bytes("other")));
        long x2 = appendOne(node, Entry.put("a", "x", bytes("x2")));
        long y2 = appendOne(node, Entry.remove("a", "y", 0));
        long x3 = appendOne(node, Entry.put("a", "x", bytes("x3")));
        List<StoredEntry> newest = node.store().latest("a", 0, 1 << 20).entries();
        assertEquals(List.of(z, y2, x3), positions(newest));
        assertEquals(Entry.Kind.REMOVE, newest.get(1).entry().kind());
        assertEquals(List.of("z1", "", "x3"), texts(newest));
        assertEquals(List.of(y2, x3), positions(node.store().latest("a", x2, 1000).entries()));
        assertEquals(List.of(), node.store().latest("a", x3, 1000).entries());
        assertEquals(List.of(), node.store().latest("unknown", 0, 1000).entries());
    }

    @Test
    void removalOfAnOlderRowLeavesTheNewerOne() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_LATEST);
        long old = appendOne(node, Entry.put("a", "x", bytes("old")));
        appendOne(node, Entry.put("a", "x", bytes("new")));
        appendOne(node, Entry.remove("a", "x", old));
        assertEquals(List.of("new"), texts(node.store().latest("a", 0, 1000).entries()));
        assertEquals(3, readAll(node, "a").size(), "the removal is kept");
        long row = node.store().latest("a", 0, 1000).entries().getFirst().position();
        long removal = appendOne(node, Entry.remove("a", "x", row));
        assertEquals(List.of(removal), positions(node.store().latest("a", 0, 1000).entries()));
    }

    @Test
    void latestIsReadInPages() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_LATEST);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20; i++) {
                appendOne(node, Entry.put("a", "key" + i, new byte[100]));
            }
        }
        var keys = new ArrayList<String>();
        long after = 0;
        Page page;
        do {
            page = node.store().latest("a", after, 450);
            assertFalse(page.entries().isEmpty(), "a page without an entry");
            assertTrue(page.entries().size() <= 5, "of about 450 bytes");
            page.entries().forEach(each -> keys.add(String.valueOf(each.entry().key())));
            after = page.entries().getLast().position();
        } while (page.more());
        assertEquals(IntStream.range(0, 20).mapToObj(i -> "key" + i).toList(), keys);
    }

    @Test
    void entryIsFoundByItsOwnId() throws Exception {
        List<Node> nodes = openSeveral();
        Node node = nodes.getFirst();
        skipIf(node, Limit.NO_FIND);
        appendOne(node, Entry.event("a", null, "id", bytes("1")));
        long newest = appendOne(node, Entry.event("a", null, "id", bytes("2")));
        long strange = appendOne(node, Entry.event("a", null, "'% 漢🙂", bytes("3")));
        appendOne(node, Entry.event("other", null, "id", bytes("4")));
        appendOne(node, event("a", "5"));
        for (Node each : nodes) {
            assertEquals(OptionalLong.of(newest), each.store().find("a", "id"));
            assertEquals(OptionalLong.of(strange), each.store().find("a", "'% 漢🙂"));
            assertEquals(OptionalLong.empty(), each.store().find("a", "unknown"));
            assertEquals(OptionalLong.empty(), each.store().find("unknown", "id"));
        }
    }
}
