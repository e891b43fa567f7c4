package microdot.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a store on NATS does while its server is well. */
@Timeout(120)
class NatsStoreTest {
    @TempDir Path folder;
    private NatsServer server;
    private final List<NatsStore> stores = new ArrayList<>();

    @BeforeEach
    void start() {
        server = new NatsServer(folder);
    }

    @AfterEach
    void stop() {
        stores.forEach(NatsStore::close);
        server.close();
    }

    private NatsStore store() {
        NatsStore store = NatsStore.connect(server.url());
        stores.add(store);
        return store;
    }

    static Entry event(String topic, String text) {
        return Entry.event(topic, null, null, text.getBytes(UTF_8));
    }

    static long append(NatsStore store, Entry entry) {
        return store.append(Append.of(entry)).toCompletableFuture().join().getFirst();
    }

    static StoreException failure(CompletionStage<?> stage) {
        var e = assertThrows(CompletionException.class, () -> stage.toCompletableFuture().join());
        return assertInstanceOf(StoreException.class, e.getCause());
    }

    static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }

    static String text(StoredEntry stored) {
        return new String(stored.entry().bytes(), UTF_8);
    }

    @Test
    void tailGetsEverythingOnceInOrderOnEveryNode() throws Exception {
        NatsStore a = store();
        NatsStore b = store();
        var tailA = new RecordedTail();
        var tailB = new RecordedTail();
        Opened opened = a.open(tailA);
        b.open(tailB);
        assertEquals(0, opened.head());
        List<Thread> publishers = new ArrayList<>();
        for (NatsStore store : List.of(a, b)) {
            for (int i = 0; i < 4; i++) {
                String topic = "topic " + i;
                publishers.add(
                        Thread.ofVirtual()
                                .start(
                                        () -> {
                                            for (int n = 0; n < 250; n++) {
                                                append(store, event(topic, "" + n));
                                            }
                                        }));
            }
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        tailA.awaitEntries(2000);
        tailB.awaitEntries(2000);
        List<Long> positions = tailA.positions();
        assertEquals(2000, positions.size());
        assertEquals(positions, tailB.positions());
        assertEquals(positions, positions.stream().distinct().sorted().toList());
        assertEquals(positions.getLast(), a.head());
    }

    @Test
    void entryComesBackAsItWas() throws Exception {
        NatsStore store = store();
        var tail = new RecordedTail();
        store.open(tail);
        String topic = "a.b *>/%ü€\uD83D\uDE00 \t";
        byte[] large = new byte[1 << 20];
        large[77] = 5;
        List<Entry> entries =
                List.of(
                        Entry.event(topic, "", null, new byte[0]),
                        Entry.event(topic, "k\r\ney: €", "id \u0000\uD83D", large),
                        Entry.put(topic, "row", "{}".getBytes(UTF_8)),
                        Entry.remove(topic, "row", 77),
                        Entry.close(topic));
        for (Entry entry : entries) {
            append(store, entry);
        }
        Page page = store.read(topic, 0, Long.MAX_VALUE, 1 << 24);
        assertEquals(entries.size(), page.entries().size());
        assertFalse(page.more());
        for (int i = 0; i < entries.size(); i++) {
            for (StoredEntry stored : List.of(page.entries().get(i), tail.entries.get(i))) {
                Entry expected = entries.get(i);
                Entry entry = stored.entry();
                assertEquals(expected.kind(), entry.kind());
                assertEquals(topic, entry.topic());
                assertEquals(expected.key(), entry.key());
                assertEquals(expected.id(), entry.id());
                assertEquals(expected.row(), entry.row());
                assertArrayEquals(expected.bytes(), entry.bytes());
            }
        }
    }

    @Test
    void readGivesPagesOfAboutTheBytes() {
        NatsStore store = store();
        store.open(new RecordedTail());
        var positions = new ArrayList<Long>();
        for (int i = 0; i < 100; i++) {
            positions.add(append(store, event("a", "0123456789")));
            append(store, event("b", "x"));
        }
        Page first = store.read("a", 0, Long.MAX_VALUE, 305);
        assertEquals(positions.subList(0, 30), positions(first));
        assertTrue(first.more());
        assertEquals(0, first.floor());
        Page second = store.read("a", positions.get(29), positions.get(49), 1 << 20);
        assertEquals(positions.subList(30, 50), positions(second));
        assertFalse(second.more());
        assertEquals(1, store.read("a", 0, Long.MAX_VALUE, 1).entries().size());
        assertEquals(List.of(), store.read("none", 0, Long.MAX_VALUE, 1).entries());
    }

    private static List<Long> positions(Page page) {
        return page.entries().stream().map(StoredEntry::position).toList();
    }

    @Test
    void latestGivesTheNewestOfEachKey() {
        NatsStore store = store();
        store.open(new RecordedTail());
        for (int i = 0; i < 50; i++) {
            append(store, Entry.put("t", "k" + i % 5, ("v" + i).getBytes(UTF_8)));
        }
        append(store, Entry.remove("t", "k2", 0));
        Page page = store.latest("t", 0, 1 << 20);
        assertEquals(
                List.of("v45", "v46", "v48", "v49", ""),
                page.entries().stream().map(NatsStoreTest::text).toList());
        Page part = store.latest("t", page.entries().getFirst().position(), 6);
        assertEquals(
                List.of("v46", "v48"), part.entries().stream().map(NatsStoreTest::text).toList());
        assertTrue(part.more());
        assertEquals(List.of(), store.latest("t", Long.MAX_VALUE, 6).entries());
        assertEquals(List.of(), store.read("t", Long.MAX_VALUE, Long.MAX_VALUE, 6).entries());
    }

    @Test
    void expectedLastIsCompared() {
        NatsStore store = store();
        store.open(new RecordedTail());
        var none = new Append(List.of(event("a", "1")), OptionalLong.of(0), null);
        long first = store.append(none).toCompletableFuture().join().getFirst();
        append(store, event("b", "other topic"));
        var conflict = assertInstanceOf(ConflictException.class, failure(store.append(none)));
        assertEquals(first, conflict.last());
        var after = new Append(List.of(event("a", "2")), OptionalLong.of(first), null);
        long second = store.append(after).toCompletableFuture().join().getFirst();
        assertTrue(second > first);
        var invented = new Append(List.of(event("a", "3")), OptionalLong.of(7), null);
        conflict = assertInstanceOf(ConflictException.class, failure(store.append(invented)));
        assertEquals(second, conflict.last());
        assertEquals(2, store.read("a", 0, Long.MAX_VALUE, 1 << 20).entries().size());
    }

    @Test
    void idempotencyKeyGivesTheFirstPosition() {
        NatsStore a = store();
        NatsStore b = store();
        a.open(new RecordedTail());
        b.open(new RecordedTail());
        var once = new Append(List.of(event("a", "1")), OptionalLong.empty(), "key €");
        List<Long> first = a.append(once).toCompletableFuture().join();
        append(a, event("a", "2"));
        assertEquals(first, b.append(once).toCompletableFuture().join());
        assertEquals(first, a.append(once).toCompletableFuture().join());
        assertEquals(2, a.read("a", 0, Long.MAX_VALUE, 1 << 20).entries().size());
    }

    @Test
    void clearRemovesWhatWasBefore() {
        NatsStore store = store();
        store.open(new RecordedTail());
        append(store, event("a", "1"));
        long other = append(store, event("b", "1"));
        append(store, event("a", "2"));
        long clear = append(store, Entry.clear("a"));
        assertEquals(new Kept(clear - 1, clear, 0), store.kept("a"));
        assertEquals(new Kept(0, other, 0), store.kept("b"));
        assertEquals(List.of(clear), positions(store.read("a", 0, Long.MAX_VALUE, 1 << 20)));
        long next = append(store, event("a", "3"));
        assertEquals(new Kept(clear - 1, next, 0), store.kept("a"));
    }

    @Test
    void endsAreKnownAfterReopening() {
        NatsStore store = store();
        store.open(new RecordedTail());
        append(store, Entry.close("reopened"));
        append(store, event("reopened", "1"));
        append(store, event("ended", "1"));
        long end = append(store, Entry.close("ended"));
        assertEquals(new Kept(0, end, end), store.kept("ended"));
        assertEquals(0, store.kept("reopened").closedAt());
        Opened opened = store().open(new RecordedTail());
        assertEquals(end, opened.head());
        assertEquals(List.of(end), opened.ends().stream().map(StoredEntry::position).toList());
        assertEquals("ended", opened.ends().getFirst().entry().topic());
    }

    @Test
    void severalEntriesAreRefused() {
        NatsStore store = store();
        store.open(new RecordedTail());
        var two = new Append(List.of(event("a", "1"), event("a", "2")), OptionalLong.empty(), null);
        StoreException refused = failure(store.append(two));
        assertTrue(message(refused).startsWith("entries: 2 (expected: 1;"));
        assertEquals(0, store.head());
    }
}
