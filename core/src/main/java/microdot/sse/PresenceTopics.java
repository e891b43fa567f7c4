package microdot.sse;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import microdot.Request;
import microdot.internal.Quoted;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.EventStore.Limit;
import org.jspecify.annotations.Nullable;

/** Makes topics tables that their streams fill. Any thread that may block. */
final class PresenceTopics {
    private static final TableOptions OPTIONS = new TableOptions();

    private final TopicOrder order;
    private final TableTopics tables;
    private final TableChanges changes;
    private final @Nullable StoreNode store; // Null for topics in memory.
    private final Function<String, TopicState> reserved;
    private final String process = PresenceCounts.newProcess();

    /** Null until a table is made on a store. */
    private final AtomicReference<@Nullable PresenceUpkeep> upkeep = new AtomicReference<>();

    /**
     * @param reserved returns a topic of the library, pinned
     */
    PresenceTopics(
            TopicOrder order,
            TableTopics tables,
            TableChanges changes,
            @Nullable StoreNode store,
            Function<String, TopicState> reserved) {
        this.order = order;
        this.tables = tables;
        this.changes = changes;
        this.store = store;
        this.reserved = reserved;
    }

    /** Makes the topic, which is pinned, such a table, or returns the table that it is. */
    Table presence(TopicState topic, Function<Request, @Nullable String> names) {
        StoreNode node = store;
        if (node == null) {
            order.runLocked(
                    () -> {
                        if (!isFilled(topic, names)) {
                            var rows = new LocalPresence(topic, changes);
                            tables.fill(topic, new Presence(topic, names, rows), OPTIONS);
                        }
                    });
        } else if (!order.locked(() -> isFilled(topic, names) && topic.table() != null)) {
            PresenceUpkeep kept = upkeep(node);
            order.runLocked(
                    () -> {
                        if (!isFilled(topic, names)) {
                            fill(topic, names, kept, node);
                        }
                    });
            tables.load(topic, OPTIONS, node);
        }
        return tables.of(topic);
    }

    /**
     * Returns whether the streams fill it, perhaps before its rows are read. Under the lock of the
     * order.
     */
    private static boolean isFilled(TopicState topic, Function<Request, @Nullable String> names) {
        Visits visits = topic.visits();
        if (visits == null && topic.table() == null) {
            return false;
        }
        if (!Presence.isBy(visits, names)) {
            throw new IllegalArgumentException(
                    "presence: another table or function than before for "
                            + Quoted.whole(topic.name)
                            + " (expected: the same function object again)");
        }
        return true;
    }

    /** Streams that open while the rows are read count already. Under the lock of the order. */
    private void fill(
            TopicState topic,
            Function<Request, @Nullable String> names,
            PresenceUpkeep kept,
            StoreNode node) {
        var rows = new SharedPresence(topic, changes, kept.counts(), node);
        var presence = new Presence(topic, names, rows);
        tables.fill(topic, presence, null);
        kept.add(topic, presence, rows);
    }

    private PresenceUpkeep upkeep(StoreNode node) {
        PresenceUpkeep known = upkeep.get();
        if (known != null) {
            return known;
        }
        boolean alone = node.limits().contains(Limit.ONE_NODE);
        var made =
                new PresenceUpkeep(
                        PresenceCounts.open(order, changes, this::opened, process, alone));
        PresenceUpkeep first = upkeep.compareAndExchange(null, made);
        return first == null ? made : first;
    }

    private TopicState opened(String name, TableOptions options) {
        TopicState topic = reserved.apply(name);
        try {
            tables.table(topic, options);
            return topic; // It has options of its own, so that it is not forgotten.
        } finally {
            topic.unpin();
        }
    }

    /** Starts the upkeep if its period is over. */
    void sweep(long now) {
        PresenceUpkeep kept = upkeep.get();
        if (kept != null) {
            kept.sweep(now);
        }
    }

    /** Gives up the lease of this process. */
    void end() {
        PresenceUpkeep kept = upkeep.get();
        if (kept != null) {
            kept.end();
        }
    }
}
