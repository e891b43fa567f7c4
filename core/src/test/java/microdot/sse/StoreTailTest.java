package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import microdot.JsonCodec;
import microdot.Logged;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventLog;
import microdot.sse.log.MemoryBudget;
import microdot.sse.log.StoreOrder;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a process does with an entry that it cannot place. */
class StoreTailTest {
    private final StoreOrder order =
            new StoreOrder(
                    new MemoryBudget(1 << 20),
                    Epoch.of(List.of(new StoreEpoch("0123456789", 0, 1))),
                    1);
    private final Map<String, TopicState> topics = Map.of("a", topic("a"), "b", topic("b"));

    private TopicState topic(String name) {
        return order.locked(
                () -> new TopicState(name, order, 0, new TopicOptions(), emptied -> {}));
    }

    private static StoredEntry stored(long position, long hours, Entry entry) {
        return new StoredEntry(position, TimeUnit.HOURS.toMillis(hours), entry);
    }

    private static Entry event(String topic, String data) {
        byte[] bytes = ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
        return Entry.event(topic, null, null, bytes);
    }

    @Test
    void entryThatCannotBePlacedIsALossOfItsTopicOnly() {
        var tail =
                new StoreTail(order, JsonCodec.standard(), List.of(stored(1, 0, Entry.close("a"))));
        List<StoredEntry> batch =
                List.of(
                        stored(2, 1, event("a", "1")),
                        stored(3, 1, event("b", "2")),
                        stored(4, 1, event("a", "3")));
        try (var log = new Logged("microdot.sse")) {
            tail.appended(batch, new Failing(), (position, instead) -> {});
            assertEquals(1, log.messages().size());
        }
        assertEquals(1, log("a").removal().lostAfter());
        assertEquals(1, log("a").next() - log("a").keptFrom());
        assertEquals(4, log("a").last());
        assertEquals(EventLog.Removal.TOPIC, log("b").removal().lostAfter());
        assertEquals(3, log("b").last());
    }

    @Test
    void endThatIsReadCountsUnlessSomethingCameMeanwhile() {
        var tail = new StoreTail(order, JsonCodec.standard(), List.of());
        var end = new StoredEntry(50, System.currentTimeMillis(), Entry.close("a"));
        TopicState topic = Objects.requireNonNull(topics.get("a"));
        order.runLocked(() -> tail.asks(Set.of("a"), 100));
        tail.appended(List.of(stored(101, 1, event("a", "1"))), new Failing(), (at, instead) -> {});
        order.runLocked(() -> tail.ended(end, 100, topic));
        assertEquals(0, log("a").closedAt(), "the topic has begun again");
        order.runLocked(() -> tail.asks(Set.of("a"), 200));
        order.runLocked(() -> tail.asks(Set.of("a"), 300));
        order.runLocked(() -> tail.ended(end, 200, topic));
        assertEquals(0, log("a").closedAt(), "of an earlier epoch");
        order.runLocked(() -> tail.ended(end, 300, topic));
        assertEquals(50, log("a").closedAt());
    }

    /** Events, and changes of rows, which stay as rows. */
    @Test
    void oldestEntriesAreEvictedWhenTheMemoryIsUsed() {
        var tail = new StoreTail(order, JsonCodec.standard(), List.of());
        TopicState table = Objects.requireNonNull(topics.get("b"));
        order.runLocked(
                () -> {
                    table.becomeTable(new TableOptions(), JsonCodec.standard());
                    table.log.rowsLoaded();
                });
        byte[] value = ('"' + "x".repeat(10_000) + '"').getBytes(StandardCharsets.UTF_8);
        long position = 1;
        for (int i = 0; i < 400; i++) {
            List<StoredEntry> batch =
                    List.of(
                            stored(++position, 1, event("a", "x".repeat(10_000))),
                            stored(++position, 1, Entry.put("b", "row", value)));
            tail.appended(batch, new Failing(), (at, instead) -> {});
        }
        assertTrue(log("a").bytes() + log("b").bytes() <= 1 << 20, "the budget");
        assertTrue(log("a").bytes() > 0 && log("b").bytes() > 0, "the newest are kept");
    }

    private EventLog log(String topic) {
        return Objects.requireNonNull(topics.get(topic)).log;
    }

    /** The topics of a process; the first question for options fails. */
    private final class Failing implements NodeTopics {
        private boolean failed;

        @Override
        public @Nullable TopicState existing(String name) {
            return topics.get(name);
        }

        @Override
        public TopicOptions options(String name) {
            if (failed) {
                return new TopicOptions();
            }
            failed = true;
            throw new IllegalStateException("cannot be placed");
        }

        @Override
        public void skipped(String name, long position) {}

        @Override
        public void readRows(TopicState table) {}

        @Override
        public void retainAgain() {}

        @Override
        public Collection<TopicState> all() {
            return topics.values();
        }
    }
}
