package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.Page;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;

/** Order, completeness of the tails, lists, and all kinds of entries. */
abstract class StoreAppendCases extends StoreFixture {
    StoreAppendCases() {}

    @Test
    void positionsRiseInOneOrderForAllTopics() throws Exception {
        Node node = open();
        long previous = node.opened().head();
        var sent = new ArrayList<String>();
        for (int i = 0; i < 20; i++) {
            Entry entry = event("topic" + i % 3, "text " + i);
            long position = appendOne(node, entry);
            assertTrue(position > previous, position + " after " + previous);
            previous = position;
            sent.add(position + ":" + shown(entry));
        }
        node.tail().await(previous);
        assertEquals(
                sent,
                node.tail().entries().stream()
                        .map(each -> each.position() + ":" + shown(each.entry()))
                        .toList());
    }

    @Test
    void everyKindOfEntryIsKeptWithAllItsFields() throws Exception {
        Node node = open();
        List<Entry> kinds =
                List.of(
                        event("a", "plain"),
                        Entry.event("a", "key", "own-id", bytes("with key and id")),
                        Entry.event("a", null, "other-id", bytes("")),
                        Entry.put("a", "row", bytes("{\"a\":1}")),
                        Entry.remove("a", "row", 0),
                        Entry.remove("a", "row", 1),
                        Entry.close("a"));
        for (Entry entry : kinds) {
            appendOne(node, entry);
        }
        long clear = appendOne(node, Entry.clear("b"));
        node.tail().await(clear);
        List<String> sent = kinds.stream().map(StoreFixture::shown).toList();
        assertEquals(
                sent,
                node.tail().entries("a").stream().map(each -> shown(each.entry())).toList(),
                "tail");
        assertEquals(
                sent,
                readAll(node, "a").stream().map(each -> shown(each.entry())).toList(),
                "read");
        assertEquals(Entry.Kind.CLEAR, readAll(node, "b").getFirst().entry().kind());
    }

    @Test
    void tailAndReadShowTheSamePositionsAndTimes() throws Exception {
        for (Node node : openSeveral()) {
            appendOne(node, event("a", "one"));
            long last = appendOne(node, event("a", "two"));
            node.tail().await(last);
            List<StoredEntry> read = readAll(node, "a");
            List<StoredEntry> given = node.tail().entries("a");
            assertEquals(
                    shown(given), shown(read.subList(read.size() - given.size(), read.size())));
        }
    }

    @Test
    void strangeTextIsKept() throws Exception {
        Node node = open();
        var names =
                List.of(
                        " ",
                        ".",
                        "*",
                        ">",
                        "a.*.>",
                        "a:b{c}",
                        "..",
                        "a/b\\c",
                        "%_'\"`;--",
                        "line\nbreak\r\ttab",
                        "nul\0end",
                        "nul\0end\0",
                        "ä漢🙂",
                        "ÄÖ",
                        "äö",
                        "x".repeat(256),
                        "漢".repeat(256));
        for (String name : names) {
            appendOne(node, Entry.event(name, name, "id", bytes(name)));
            appendOne(node, Entry.put(name, name + "2", bytes(name)));
        }
        settle(List.of(node));
        for (String name : names) {
            assertEquals(List.of(name, name), texts(node.tail().entries(name)), "tail");
            assertEquals(List.of(name, name), texts(readAll(node, name)), "read");
            if (!node.store().limits().contains(Limit.NO_LATEST)) {
                var keys =
                        node.store().latest(name, 0, 1 << 20).entries().stream()
                                .map(each -> each.entry().key())
                                .toList();
                assertEquals(List.of(name, name + "2"), keys, "latest");
            }
        }
    }

    @Test
    void emptyAndLargeBytesAreKept() throws Exception {
        Node node = open();
        var large = new byte[largestBytes()];
        new Random(1).nextBytes(large);
        appendOne(node, Entry.event("a", null, null, large));
        appendOne(node, Entry.event("a", null, null, new byte[0]));
        settle(List.of(node));
        assertEquals(2, node.tail().entries("a").size());
        for (var entries : List.of(node.tail().entries("a"), readAll(node, "a"))) {
            assertTrue(Arrays.equals(large, entries.get(0).entry().bytes()));
            assertEquals(0, entries.get(1).entry().bytes().length);
        }
    }

    @Test
    void listIsAppendedWithoutAnotherEntryBetween() throws Exception {
        List<Node> nodes = openSeveral();
        skipIf(nodes.getFirst(), Limit.ONE_ENTRY_EACH);
        concurrently(
                6,
                thread -> {
                    Node node = nodes.get(thread % nodes.size());
                    for (int i = 0; i < 30; i++) {
                        String mark = thread + "/" + i;
                        List<Long> positions =
                                append(
                                        node,
                                        event("a", mark),
                                        event("b", mark),
                                        event("a", mark),
                                        event("c" + thread, mark));
                        assertEquals(4, positions.size());
                    }
                });
        settle(nodes);
        for (Node node : nodes) {
            List<StoredEntry> all =
                    node.tail().entries().stream()
                            .filter(each -> !each.entry().topic().equals("settle"))
                            .toList();
            assertEquals(6 * 30 * 4, all.size());
            for (int i = 0; i < all.size(); i += 4) {
                List<StoredEntry> list = all.subList(i, i + 4);
                assertEquals(1, new HashSet<>(texts(list)).size(), "mixed: " + texts(list));
                assertEquals(
                        List.of("a", "b", "a"),
                        list.subList(0, 3).stream().map(each -> each.entry().topic()).toList());
            }
        }
    }

    @Test
    void everyTailGetsEveryEntryOnceAndInTheSameOrder() throws Exception {
        long seed = System.nanoTime();
        System.out.println("everyTailGetsEveryEntryOnceAndInTheSameOrder: seed " + seed);
        List<Node> nodes = openSeveral();
        Map<String, Long> acknowledged = new HashMap<>();
        concurrently(
                6,
                thread -> {
                    var random = new Random(seed + thread);
                    Node node = nodes.get(thread % nodes.size());
                    for (int i = 0; i < 150; i++) {
                        String text = thread + "/" + i;
                        long position = appendOne(node, event("topic" + random.nextInt(4), text));
                        synchronized (acknowledged) {
                            acknowledged.put(text, position);
                        }
                    }
                });
        settle(nodes);
        List<String> first = shown(nodes.getFirst().tail().entries());
        for (Node node : nodes) {
            List<StoredEntry> entries = node.tail().entries();
            assertEquals(first, shown(entries));
            var given = new HashMap<String, Long>();
            entries.stream()
                    .filter(each -> !each.entry().topic().equals("settle"))
                    .forEach(each -> given.put(text(each), each.position()));
            assertEquals(acknowledged, given);
            assertEquals(acknowledged.size() + 1, entries.size(), "entries, each once");
        }
    }

    @Test
    void removalOfATopicCostsTailsNoEntryOfAnotherTopic() throws Exception {
        List<Node> nodes = openSeveral();
        concurrently(
                5,
                thread -> {
                    Node node = nodes.get(thread % nodes.size());
                    for (int i = 0; i < 60; i++) {
                        if (thread < 2) {
                            appendOne(node, event("removed", "" + i));
                            appendOne(node, Entry.clear("removed"));
                        } else {
                            appendTogether(node, 10);
                        }
                    }
                });
        settle(nodes);
        for (Node node : nodes) {
            assertEquals(1800, node.tail().entries("kept").size());
        }
    }

    @Test
    void removalOfATopicCostsReadersNoEntryOfAnotherTopic() throws Exception {
        Node node = open();
        appendTogether(node, 400);
        concurrently(
                2,
                thread -> {
                    for (int i = 0; i < 60; i++) {
                        if (thread == 0) {
                            appendOne(node, event("removed", "" + i));
                            appendOne(node, Entry.clear("removed"));
                        } else {
                            Page page = node.store().read("kept", 0, Long.MAX_VALUE, 1 << 20);
                            assertEquals(400, page.entries().size());
                        }
                    }
                });
    }

    private void appendTogether(Node node, int entries) throws Exception {
        List<CompletionStage<List<Long>>> stages = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            stages.add(node.start(event("kept", "" + i)));
        }
        for (CompletionStage<List<Long>> stage : stages) {
            done(stage);
        }
    }

    @Test
    void appendsOfOneThreadKeepTheirOrder() throws Exception {
        Node node = open();
        List<CompletionStage<List<Long>>> stages = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            stages.add(node.start(event("topic" + i % 5, "" + i)));
        }
        long previous = 0;
        for (CompletionStage<List<Long>> stage : stages) {
            long position = done(stage).getFirst();
            assertTrue(position > previous, position + " after " + previous);
            previous = position;
        }
        node.tail().await(previous);
        assertEquals(200, node.tail().entries().size());
    }

    @Test
    void acknowledgedEntryIsReadAtOnceOnEveryNode() throws Exception {
        List<Node> nodes = openSeveral();
        for (int i = 0; i < 30; i++) {
            Node from = nodes.get(i % nodes.size());
            long position = appendOne(from, event("a", "" + i));
            for (Node node : nodes) {
                assertTrue(node.store().head() >= position, "head");
                assertEquals(position, node.store().kept("a").last());
                List<StoredEntry> read =
                        node.store().read("a", position - 1, Long.MAX_VALUE, 1000).entries();
                assertEquals(List.of("" + i), texts(read));
            }
        }
    }

    @Test
    void nodeThatOpensLaterHasWhatWasBeforeAndGetsWhatComesAfter() throws Exception {
        Node first = open();
        skipIf(first, Limit.ONE_NODE);
        assertEquals(0, first.opened().head());
        concurrently(
                2,
                thread -> {
                    if (thread == 0) {
                        for (int i = 0; i < 400; i++) {
                            appendOne(first, event("a", "" + i));
                        }
                        return;
                    }
                    for (int i = 0; i < 5; i++) {
                        Node later = open();
                        long head = later.opened().head();
                        long last = appendOne(later, event("b", "after"));
                        later.tail().await(last);
                        List<StoredEntry> before =
                                later.store().read("a", 0, head, 1 << 20).entries();
                        var joined = new ArrayList<>(positions(before));
                        for (StoredEntry each : later.tail().entries("a")) {
                            assertTrue(each.position() > head, each.position() + " in the tail");
                            joined.add(each.position());
                        }
                        List<StoredEntry> all = later.store().read("a", 0, last, 1 << 20).entries();
                        assertEquals(
                                positions(all),
                                joined.stream().filter(each -> each < last).toList());
                    }
                });
    }

    /** What one of several threads does. */
    interface Work {
        void run(int thread) throws Exception;
    }

    /** Runs work on several threads, and fails when one of them fails. */
    static void concurrently(int threads, Work work) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Boolean>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                running.add(
                        pool.submit(
                                () -> {
                                    work.run(thread);
                                    return true;
                                }));
            }
            for (Future<Boolean> each : running) {
                assertTrue(each.get());
            }
        }
    }
}
