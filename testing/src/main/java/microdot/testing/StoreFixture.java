package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.AfterEach;

/** What a store's test provides, and the nodes of one test of {@link EventStoreContract}. */
abstract class StoreFixture {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);

    private final List<Node> nodes = new ArrayList<>();

    StoreFixture() {}

    /**
     * Returns a store that is not open yet, on the engine of this test. The engine is empty when
     * the method is called for the first time in a test, and keeps what it has until the test ends.
     * For an engine with {@link Limit#ONE_NODE} it is called again only after the store before was
     * closed.
     */
    protected abstract EventStore newNode() throws Exception;

    /**
     * Ends the engine in an orderly way, and starts it again on what it has kept. Every node is
     * closed when it is called. The default does nothing: it is for an engine that lives in the
     * process and ends with its last node. Not called for an engine with {@link Limit#NOT_DURABLE}.
     */
    protected void restartEngine() throws Exception {}

    /**
     * Removes everything that the engine has, as a person does who deletes the file, the keys or
     * the stream. Every node is closed when it is called. The clock of the engine must have moved
     * since the last entry, as it does by itself when time is real.
     *
     * @return whether that is possible; if not, the cases that need it are skipped. The default
     *     returns false
     */
    protected boolean emptyEngine() throws Exception {
        return false;
    }

    /**
     * Moves the clock of the engine forward.
     *
     * @return whether that is possible; if not, the cases that need it are skipped. The default
     *     returns false
     */
    protected boolean passTime(Duration time) throws Exception {
        return false;
    }

    /**
     * Returns how many entries of a topic the engine may keep for some time although its retention
     * allows them to go; the default is 0. The contract then appends that many more before it
     * expects entries to be trimmed.
     */
    protected int retentionSlack() {
        return 0;
    }

    /** Returns the largest size of {@link Entry#bytes} that the engine takes; default 1 MiB. */
    protected int largestBytes() {
        return 1 << 20;
    }

    /** Returns how long a case waits for something that must happen; default 20 seconds. */
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    /** A store, what it had when it was opened, and what its tail was given. */
    record Node(EventStore store, Opened opened, TailRecord tail) {
        CompletionStage<List<Long>> start(Entry... entries) {
            return store.append(new Append(List.of(entries), OptionalLong.empty(), null));
        }
    }

    /** Opens another node. */
    final Node open() throws Exception {
        EventStore store = newNode();
        var tail = new TailRecord(patience());
        try {
            var node = new Node(store, store.open(tail), tail);
            nodes.add(node);
            return node;
        } catch (Throwable e) {
            store.close();
            throw e;
        }
    }

    /** Opens as many nodes as the engine can have, at most three. */
    final List<Node> openSeveral() throws Exception {
        Node first = open();
        return first.store.limits().contains(Limit.ONE_NODE)
                ? List.of(first)
                : List.of(first, open(), open());
    }

    /** Closes all nodes, and opens one. */
    final Node reopen() throws Exception {
        closeNodes();
        return open();
    }

    /** Closes all nodes, restarts the engine, and opens a node. */
    final Node restart() throws Exception {
        closeNodes();
        restartEngine();
        return open();
    }

    /** Closes the nodes that are still open. Their tails got nothing after their end. */
    @AfterEach
    final void closeNodes() {
        nodes.forEach(node -> node.store.close());
        nodes.forEach(node -> node.tail.check());
        nodes.clear();
    }

    /** Empties the engine, or skips the case. */
    final void empty() throws Exception {
        assumeTrue(emptyEngine(), "the engine cannot be emptied");
    }

    /** Skips the case when the engine has one of the limits. */
    static void skipIf(Node node, Limit... limits) {
        for (Limit limit : limits) {
            assumeFalse(node.store.limits().contains(limit), () -> "limit: " + limit);
        }
    }

    /** Moves the clock forward, or skips the case. */
    final void pass(Duration time) throws Exception {
        assumeTrue(passTime(time), "the clock of the engine cannot be moved");
    }

    /** Waits for a result. */
    final <T> T done(CompletionStage<T> stage) throws Exception {
        try {
            return stage.toCompletableFuture().get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return fail("an append has not completed within " + patience());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Waits for a failure. */
    final StoreException failure(CompletionStage<?> stage) throws Exception {
        try {
            return fail("appended: " + done(stage));
        } catch (StoreException e) {
            assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "no text: " + e);
            return e;
        } catch (CompletionException e) {
            return fail("failed with " + e + " (expected: a StoreException itself)");
        }
    }

    final List<Long> append(Node node, Entry... entries) throws Exception {
        return done(node.start(entries));
    }

    /** Appends one entry, and returns its position. */
    final long appendOne(Node node, Entry entry) throws Exception {
        List<Long> positions = append(node, entry);
        assertEquals(1, positions.size(), "positions of one entry: " + positions);
        return positions.getFirst();
    }

    /** Waits until a condition holds. Entries of another topic are appended meanwhile. */
    final void eventually(Node node, String what, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + patience().toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                fail("not within " + patience() + ": " + what);
            }
            appendOne(node, event("filler", "x"));
            LockSupport.parkNanos(PAUSE);
        }
    }

    /** Appends an entry and waits until each tail has it: everything before is there then. */
    final void settle(List<Node> to) throws Exception {
        long last = appendOne(to.getFirst(), event("settle", "settled"));
        for (Node node : to) {
            node.tail.await(last);
        }
    }

    /** Reads all that is kept of a topic. */
    static List<StoredEntry> readAll(Node node, String topic) {
        var all = new ArrayList<StoredEntry>();
        long after = 0;
        Page page;
        do {
            page = node.store.read(topic, after, Long.MAX_VALUE, 1 << 20);
            all.addAll(page.entries());
            after = all.isEmpty() ? after : all.getLast().position();
        } while (page.more());
        return all;
    }

    static List<Long> positions(List<StoredEntry> entries) {
        return entries.stream().map(StoredEntry::position).toList();
    }

    static Entry event(String topic, String text) {
        return Entry.event(topic, null, null, bytes(text));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(StoredEntry stored) {
        return new String(stored.entry().bytes(), StandardCharsets.UTF_8);
    }

    static List<String> texts(List<StoredEntry> entries) {
        return entries.stream().map(StoreFixture::text).toList();
    }

    /** All fields as one text: records with arrays cannot be compared. */
    static String shown(Entry entry) {
        return String.join(
                "|",
                entry.kind().name(),
                entry.topic(),
                String.valueOf(entry.key()),
                String.valueOf(entry.id()),
                String.valueOf(entry.row()),
                new String(entry.bytes(), StandardCharsets.ISO_8859_1));
    }

    static List<String> shown(List<StoredEntry> entries) {
        return entries.stream()
                .map(each -> each.position() + "@" + each.time() + ":" + shown(each.entry()))
                .toList();
    }
}
