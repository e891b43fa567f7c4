package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link microdot.sse.store.EventStore} does, as tests of JUnit. The test of a store
 * extends this class and says how to get a node:
 *
 * <pre>{@code
 * class MyStoreTest extends EventStoreContract {
 *     private final MyEngine engine = new MyEngine();
 *
 *     @Override
 *     protected EventStore newNode() {
 *         return new MyStore(engine);
 *     }
 * }
 * }</pre>
 *
 * <p>JUnit makes an object of the class for each case, so each case gets an engine of its own.
 * Cases that {@link microdot.sse.store.EventStore#limits} excludes are skipped, with the name of
 * the limit. How a store behaves when its engine fails is for tests of its own.
 */
@Timeout(120)
public abstract class EventStoreContract extends StoreClientCases {
    /** For the test of a store. */
    protected EventStoreContract() {}

    @Test
    void emptyEngineHasOneEpoch() throws Exception {
        Node node = open();
        assertEquals(0, node.opened().head());
        assertEquals(0, node.store().head());
        assertEquals(List.of(), node.opened().ends());
        List<StoreEpoch> epochs = node.opened().epochs();
        assertEquals(1, epochs.size());
        assertEquals(0, epochs.getFirst().previousEnd());
        long first = appendOne(node, event("a", "1"));
        assertTrue(first >= epochs.getFirst().first(), first + " is of " + epochs);
    }

    @Test
    void nodesOfOneEngineHaveTheSameEpochs() throws Exception {
        List<Node> nodes = openSeveral();
        skipIf(nodes.getFirst(), Limit.ONE_NODE);
        for (Node node : nodes) {
            assertEquals(nodes.getFirst().opened().epochs(), node.opened().epochs());
        }
        settle(nodes);
        for (Node node : nodes) {
            assertEquals(List.of(), node.tail().epochs());
        }
    }

    @Test
    void reopenedNodeFindsEverything() throws Exception {
        Node node = open();
        List<String> before = write(node);
        Node again = reopen();
        assertEquals(node.opened().epochs(), again.opened().epochs());
        assertEquals(again.store().kept("b").closedAt(), again.opened().head());
        assertSame(again, before);
    }

    @Test
    void restartedEngineHasEverything() throws Exception {
        Node node = open();
        skipIf(node, Limit.NOT_DURABLE);
        List<String> before = write(node);
        Node after = restart();
        List<StoreEpoch> known = node.opened().epochs();
        List<StoreEpoch> epochs = after.opened().epochs();
        assertEquals(known, epochs.subList(0, known.size()));
        for (StoreEpoch later : epochs.subList(known.size(), epochs.size())) {
            // No process was open that knows what was acknowledged; but nothing was lost.
            assertEquals(after.store().kept("b").closedAt(), later.previousEnd());
        }
        assertSame(after, before);
    }

    private List<String> write(Node node) throws Exception {
        for (int i = 0; i < 50; i++) {
            appendOne(node, Entry.event("a", "key" + i % 3, "id" + i, bytes("text " + i)));
        }
        appendOne(node, Entry.close("b"));
        return shown(readAll(node, "a"));
    }

    private void assertSame(Node after, List<String> entries) throws Exception {
        assertEquals(entries, shown(readAll(after, "a")));
        if (!after.store().limits().contains(Limit.NO_FIND)) {
            assertTrue(after.store().find("a", "id7").isPresent());
        }
        if (!after.store().limits().contains(Limit.NO_LATEST)) {
            assertEquals(
                    List.of("text 47", "text 48", "text 49"),
                    texts(after.store().latest("a", 0, 1000).entries()));
        }
        long end = after.store().kept("b").closedAt();
        long next = appendOne(after, event("a", "next"));
        assertTrue(next > end, next + " after " + end);
        after.tail().await(next);
        assertEquals(List.of(next), positions(after.tail().entries()), "only what is new");
    }

    @Test
    void emptiedEngineBeginsAboveEverythingItHad() throws Exception {
        Node node = open();
        var last = 0L;
        for (int i = 0; i < 5; i++) {
            last = appendOne(node, event("a", "old"));
        }
        String epoch = node.opened().epochs().getLast().name();
        closeNodes();
        empty();
        Node after = open();
        assertEquals(0, after.opened().head());
        assertEquals(0, after.store().head());
        assertEquals(1, after.opened().epochs().size());
        StoreEpoch begun = after.opened().epochs().getFirst();
        assertNotEquals(epoch, begun.name());
        assertEquals(0, begun.previousEnd());
        assertTrue(begun.first() > last, begun + " after " + last);
        assertTrue(begun.first() < 1L << 53, begun + " is exact in JavaScript");
        long first = appendOne(after, event("a", "new"));
        assertTrue(first >= begun.first(), first + " is of " + begun);
        assertEquals(List.of("new"), texts(readAll(after, "a")));
        assertEquals(begun, reopen().opened().epochs().getFirst());
    }

    @Test
    void keyIsKnownAfterReopening() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY);
        var append = new Append(List.of(event("a", "1")), OptionalLong.empty(), "k");
        List<Long> first = done(node.store().append(append));
        assertEquals(first, done(reopen().store().append(append)));
    }

    @Test
    void newestPositionIsKnownAfterReopening() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_EXPECTED_LAST);
        long last = appendOne(node, event("a", "1"));
        Node again = reopen();
        var append = new Append(List.of(event("a", "2")), OptionalLong.of(last), null);
        assertTrue(done(again.store().append(append)).getFirst() > last);
        assertFalse(failure(again.store().append(append)).isUnknown());
    }

    @Test
    void aNodeThatOpensGetsTheEndsOfTopics() throws Exception {
        Node node = open();
        var ends = new ArrayList<Long>();
        for (String topic : List.of("closed", "漢🙂 closed", "cleared", "open again", "twice")) {
            appendOne(node, event(topic, "1"));
            ends.add(appendOne(node, Entry.close(topic)));
        }
        appendOne(node, event("open", "1"));
        appendOne(node, Entry.clear("cleared"));
        appendOne(node, event("open again", "2"));
        ends.set(4, appendOne(node, Entry.close("twice")));
        List<Long> expected = List.of(ends.get(0), ends.get(1), ends.get(4));
        Node again = reopen();
        List<StoredEntry> told = again.opened().ends();
        assertEquals(expected, positions(told));
        assertEquals(
                List.of("closed", "漢🙂 closed", "twice"),
                told.stream().map(each -> each.entry().topic()).toList());
        told.forEach(each -> assertEquals(Entry.Kind.CLOSE, each.entry().kind()));
    }
}
