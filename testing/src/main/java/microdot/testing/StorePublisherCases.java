package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EndedException;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.EventStore.Limit;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Expected positions, idempotency keys, and what happens before and after a node is open. */
abstract class StorePublisherCases extends StoreAppendCases {
    StorePublisherCases() {}

    private CompletionStage<List<Long>> expecting(Node node, long last, Entry... entries) {
        return node.store().append(new Append(List.of(entries), OptionalLong.of(last), null));
    }

    private long expectingOne(Node node, long last, Entry entry) throws Exception {
        return done(expecting(node, last, entry)).getFirst();
    }

    private CompletionStage<List<Long>> keyed(Node node, @Nullable String key, Entry... entries) {
        return node.store().append(new Append(List.of(entries), OptionalLong.empty(), key));
    }

    private void conflicts(Node node, long expected, long last, Entry... entries) throws Exception {
        StoreException failure = failure(expecting(node, expected, entries));
        assertEquals(last, assertInstanceOf(ConflictException.class, failure).last());
        assertFalse(failure.isUnknown());
    }

    @Test
    void expectedLastIsThePositionOfTheNewestEntryOfAnyKind() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_EXPECTED_LAST);
        appendOne(node, event("other", "x"));
        long last = 0;
        for (Entry entry :
                List.of(
                        event("a", "first"),
                        Entry.put("a", "k", bytes("1")),
                        Entry.remove("a", "k", 0),
                        Entry.close("a"),
                        event("a", "again"),
                        Entry.clear("a"),
                        event("a", "after the removal"))) {
            appendOne(node, event("other", "x"));
            conflicts(node, last + 1_000_000, last, entry);
            long position = expectingOne(node, last, entry);
            conflicts(node, last, position, entry);
            last = position;
        }
        settle(List.of(node));
        assertEquals(7, node.tail().entries("a").size(), "what conflicted was not appended");
    }

    @Test
    void oneOfSeveralPublishersWithTheSameExpectationWins() throws Exception {
        List<Node> nodes = openSeveral();
        skipIf(nodes.getFirst(), Limit.NO_EXPECTED_LAST);
        var last = new AtomicLong();
        for (int round = 0; round < 20; round++) {
            var won = ConcurrentHashMap.<Long>newKeySet();
            var seen = ConcurrentHashMap.<Long>newKeySet();
            String text = "round " + round;
            concurrently(
                    4,
                    thread -> {
                        Node node = nodes.get(thread % nodes.size());
                        try {
                            won.add(expectingOne(node, last.get(), event("a", text)));
                        } catch (ConflictException e) {
                            seen.add(e.last());
                        }
                    });
            assertEquals(1, won.size(), "winners: " + won);
            assertEquals(won, seen, "what the others were told");
            last.set(won.iterator().next());
        }
        assertEquals(20, readAll(nodes.getFirst(), "a").size());
    }

    @Test
    void conflictingListAppendsNothing() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_EXPECTED_LAST, Limit.ONE_ENTRY_EACH);
        long first = appendOne(node, event("a", "first"));
        conflicts(node, first + 1, first, event("a", "1"), event("b", "2"), event("a", "3"));
        List<Long> positions =
                done(expecting(node, first, event("a", "1"), event("b", "2"), event("a", "3")));
        settle(List.of(node));
        assertEquals(List.of("first", "1", "3"), texts(node.tail().entries("a")));
        assertEquals(List.of("2"), texts(readAll(node, "b")));
        assertEquals(positions.get(2), node.store().kept("a").last());
    }

    @Test
    void appendWithAKnownKeyReturnsTheFirstPositions() throws Exception {
        List<Node> nodes = openSeveral();
        skipIf(nodes.getFirst(), Limit.NO_IDEMPOTENCY_KEY);
        for (String key : List.of("k", "strange 'key' \0 漢🙂", "x".repeat(200))) {
            List<Long> first = done(keyed(nodes.getFirst(), key, event("a", key)));
            for (Node node : nodes) {
                assertEquals(first, done(keyed(node, key, event("a", key))));
            }
        }
        List<Long> other = done(keyed(nodes.getFirst(), "other key", event("a", "other")));
        List<Long> none = done(keyed(nodes.getFirst(), null, event("a", "none")));
        assertEquals(2, new HashSet<>(List.of(other, none)).size());
        settle(nodes);
        for (Node node : nodes) {
            assertEquals(5, node.tail().entries("a").size());
        }
    }

    @Test
    void listWithAKnownKeyReturnsAllFirstPositions() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY, Limit.ONE_ENTRY_EACH);
        List<Long> first = done(keyed(node, "k", event("a", "1"), event("b", "2")));
        assertEquals(2, first.size());
        assertEquals(first, done(keyed(node, "k", event("a", "1"), event("b", "2"))));
        settle(List.of(node));
        assertEquals(3, node.tail().entries().size());
    }

    @Test
    void concurrentAppendsWithTheSameKeyAppendOnce() throws Exception {
        List<Node> nodes = openSeveral();
        skipIf(nodes.getFirst(), Limit.NO_IDEMPOTENCY_KEY);
        for (int round = 0; round < 20; round++) {
            String key = "key " + round;
            Set<List<Long>> results = ConcurrentHashMap.newKeySet();
            concurrently(
                    4,
                    thread ->
                            results.add(
                                    done(
                                            keyed(
                                                    nodes.get(thread % nodes.size()),
                                                    key,
                                                    event("a", key)))));
            assertEquals(1, results.size(), "positions of one key: " + results);
        }
        assertEquals(20, readAll(nodes.getFirst(), "a").size());
    }

    @Test
    void appendsUnderWayWithTheSameKeyAppendOnce() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY);
        List<CompletionStage<List<Long>>> stages = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            stages.add(keyed(node, "key " + i % 4, event("a", "" + i % 4)));
        }
        Set<List<Long>> results = new HashSet<>();
        for (CompletionStage<List<Long>> stage : stages) {
            results.add(done(stage));
        }
        assertEquals(4, results.size());
        assertEquals(4, readAll(node, "a").size());
    }

    @Test
    void keyIsLookedAtBeforeTheExpectedPosition() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY, Limit.NO_EXPECTED_LAST);
        var append = new Append(List.of(event("a", "1")), OptionalLong.of(0), "k");
        List<Long> first = done(node.store().append(append));
        assertEquals(first, done(node.store().append(append)), "a repeated call is no conflict");
        var refused = new Append(List.of(event("a", "2")), OptionalLong.of(0), "k2");
        assertInstanceOf(ConflictException.class, failure(node.store().append(refused)));
        assertTrue(
                done(keyed(node, "k2", event("a", "2"))).getFirst() > first.getFirst(),
                "the key of what failed is not known");
    }

    private CompletionStage<List<Long>> unlessEnded(Node node, Duration lasting, Entry entry) {
        return node.store().append(Append.of(entry).unlessEnded(lasting));
    }

    @Test
    void nothingIsAppendedAfterTheEndOfItsTopic() throws Exception {
        List<Node> nodes = openSeveral();
        Duration month = Duration.ofDays(30);
        for (String topic : List.of("a", "漢🙂 b")) {
            List<Entry> entries =
                    List.of(
                            event(topic, "event"),
                            Entry.event(topic, "key", "id", bytes("with key and id")),
                            Entry.put(topic, "row", bytes("1")),
                            Entry.remove(topic, "row", 0),
                            Entry.close(topic));
            for (Entry entry : entries) { // Before its end, all of them are.
                done(unlessEnded(nodes.getFirst(), month, entry));
            }
            for (Node node : nodes) {
                for (Entry entry : entries) {
                    StoreException failure = failure(unlessEnded(node, month, entry));
                    assertInstanceOf(EndedException.class, failure);
                    assertFalse(failure.isUnknown());
                }
            }
            settle(nodes);
            for (Node node : nodes) {
                assertEquals(5, readAll(node, topic).size(), "what is read");
                assertEquals(5, node.tail().entries(topic).size(), "what the tail was given");
                assertTrue(node.store().kept(topic).closedAt() > 0, "it is still closed");
            }
        }
        Node again = reopen();
        assertEquals(2, again.opened().ends().size(), "after reopening");
        assertInstanceOf(
                EndedException.class, failure(unlessEnded(again, month, event("a", "late"))));
        appendOne(again, Entry.clear("a"));
        done(unlessEnded(again, month, event("a", "after the removal")));
    }

    @Test
    void endThatDoesNotLastAnyMoreRefusesNothing() throws Exception {
        Node node = open();
        appendOne(node, Entry.close("a"));
        pass(Duration.ofMinutes(2));
        var late = unlessEnded(node, Duration.ofMinutes(3), event("a", "late"));
        assertInstanceOf(EndedException.class, failure(late));
        done(unlessEnded(node, Duration.ofMinutes(1), event("a", "again")));
        done(unlessEnded(node, Duration.ofMinutes(3), event("a", "and again")));
        settle(List.of(node));
        assertEquals(List.of("", "again", "and again"), texts(readAll(node, "a")));
    }

    @Test
    void endAndEventsOfSeveralPublishersHaveOneOrder() throws Exception {
        List<Node> nodes = openSeveral();
        for (int round = 0; round < 20; round++) {
            String topic = "topic " + round;
            Set<String> appended = ConcurrentHashMap.newKeySet();
            concurrently(
                    4,
                    thread -> {
                        Node node = nodes.get(thread % nodes.size());
                        Entry entry = thread == 3 ? Entry.close(topic) : event(topic, "" + thread);
                        try {
                            done(unlessEnded(node, Duration.ofDays(1), entry));
                            appended.add(thread == 3 ? "" : "" + thread);
                        } catch (EndedException e) {
                            // It came after the end.
                        }
                    });
            List<String> texts = texts(readAll(nodes.getFirst(), topic));
            assertEquals(appended, new HashSet<>(texts));
            assertEquals("", texts.getLast(), "the end comes last");
        }
    }

    @Test
    void keyIsLookedAtBeforeTheEnd() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY);
        var append =
                new Append(List.of(event("a", "1")), OptionalLong.empty(), "k")
                        .unlessEnded(Duration.ofDays(1));
        List<Long> first = done(node.store().append(append));
        appendOne(node, Entry.close("a"));
        assertEquals(first, done(node.store().append(append)), "a repeated call");
    }

    @Test
    void keyIsForgottenAfterItsTime() throws Exception {
        Node node = open();
        skipIf(node, Limit.NO_IDEMPOTENCY_KEY);
        List<Long> first = done(keyed(node, "k", event("a", "1")));
        pass(Duration.ofSeconds(Append.REPEAT_SECONDS - 1));
        assertEquals(first, done(keyed(node, "k", event("a", "1"))), "within the time");
        pass(Duration.ofSeconds(2));
        List<Long> second = done(keyed(node, "k", event("a", "1")));
        assertTrue(second.getFirst() > first.getFirst(), "after the time");
        assertEquals(second, done(keyed(node, "k", event("a", "1"))), "the new one is known");
    }

    @Test
    void storeThatIsNotOpenFailsAppends() throws Exception {
        EventStore store = newNode();
        var append = Append.of(event("a", "1"));
        try {
            assertFalse(failure(store.append(append)).isUnknown(), "before");
            store.open(new TailRecord(patience()));
        } finally {
            store.close();
        }
        assertFalse(failure(store.append(append)).isUnknown(), "after");
        store.close();
        assertEquals(List.of(), readAll(open(), "a"));
    }

    @Test
    void storeIsOpenedOnce() throws Exception {
        Node node = open();
        var other = new TailRecord(patience());
        assertThrows(StoreException.class, () -> node.store().open(other));
        long position = appendOne(node, event("a", "1"));
        node.tail().await(position);
        assertEquals(List.of(), other.entries());
        node.store().close();
        assertThrows(StoreException.class, () -> node.store().open(other));
    }

    @Test
    void tailGetsNothingAfterClose() throws Exception {
        List<Node> nodes = openSeveral();
        Node closed = nodes.getFirst();
        for (int i = 0; i < 50; i++) {
            closed.start(event("a", "" + i));
        }
        closed.store().close();
        int got = closed.tail().entries().size();
        Node next = nodes.size() == 1 ? open() : nodes.get(1);
        for (int i = 0; i < 20; i++) {
            next.tail().await(appendOne(next, event("b", "" + i)));
        }
        assertEquals(got, closed.tail().entries().size());
    }

    @Test
    void appendsUnderWayEndWhenTheNodeIsClosed() throws Exception {
        Node node = open();
        List<CompletionStage<List<Long>>> stages = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            stages.add(node.start(event("a", "" + i)));
        }
        node.store().close();
        var acknowledged = new HashSet<String>();
        var open = new HashSet<String>();
        for (int i = 0; i < stages.size(); i++) {
            try {
                done(stages.get(i));
                acknowledged.add("" + i);
            } catch (StoreException e) {
                if (e.isUnknown()) {
                    open.add("" + i);
                }
            }
        }
        List<StoredEntry> kept = readAll(open(), "a");
        List<String> texts = texts(kept);
        assertEquals(texts.size(), new HashSet<>(texts).size(), "each once");
        assertTrue(texts.containsAll(acknowledged), "what was acknowledged is kept");
        assertTrue(
                texts.stream().allMatch(each -> acknowledged.contains(each) || open.contains(each)),
                "what failed was not appended");
    }
}
