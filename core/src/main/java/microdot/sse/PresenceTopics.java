package microdot.sse;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import microdot.Request;
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
    private final Function<String, TopicState> pinned;

    // Held while the rows of a store are read. No event loop waits for it.
    private final ReentrantLock making = new ReentrantLock();
    private volatile @Nullable PresenceUpkeep upkeep; // Null until a table is made on a store.

    /**
     * @param pinned returns a topic that is not forgotten
     */
    PresenceTopics(
            TopicOrder order,
            TableTopics tables,
            TableChanges changes,
            @Nullable StoreNode store,
            Function<String, TopicState> pinned) {
        this.order = order;
        this.tables = tables;
        this.changes = changes;
        this.store = store;
        this.pinned = pinned;
    }

    /** Makes the topic a table that its streams fill, or returns the table that it is. */
    Table presence(TopicState topic, Function<Request, @Nullable String> names) {
        TopicOrder.enter(making);
        try {
            if (order.locked(() -> isMade(topic, names))) {
                return tables.of(topic);
            }
            StoreNode node = store;
            if (node == null) {
                fill(topic, new Presence(topic, names, new LocalPresence(topic, changes)));
            } else {
                PresenceUpkeep kept = upkeep(node);
                tables.table(topic, OPTIONS);
                var rows = new SharedPresence(topic, changes, kept.counts(), node);
                var presence = new Presence(topic, names, rows);
                fill(topic, presence);
                kept.keep(topic, presence, rows);
            }
            return tables.of(topic);
        } finally {
            making.unlock();
        }
    }

    /** Under the lock of the order. */
    private static boolean isMade(TopicState topic, Function<Request, @Nullable String> names) {
        if (topic.table() == null) {
            return false;
        }
        if (!Presence.isBy(topic.visits(), names)) {
            throw new IllegalArgumentException(
                    "presence: another table or function than before for \""
                            + topic.name
                            + "\" (expected: the same function object again)");
        }
        return true;
    }

    private void fill(TopicState topic, Presence presence) {
        order.runLocked(() -> tables.fill(topic, presence));
    }

    private PresenceUpkeep upkeep(StoreNode node) {
        PresenceUpkeep known = upkeep;
        if (known != null) {
            return known;
        }
        boolean isAlone = node.limits().contains(Limit.ONE_NODE);
        var made = new PresenceUpkeep(PresenceCounts.open(order, changes, this::opened, isAlone));
        upkeep = made;
        return made;
    }

    private TopicState opened(String name, TableOptions options) {
        TopicState topic = pinned.apply(name);
        try {
            tables.table(topic, options);
            return topic; // It has options of its own, so that it is not forgotten.
        } finally {
            topic.unpin();
        }
    }

    /** Does on another thread what is due. */
    void sweep(long now) {
        PresenceUpkeep kept = upkeep;
        if (kept != null) {
            kept.sweep(now);
        }
    }

    /** The other processes take note at once that this one ends. */
    void end() {
        PresenceUpkeep kept = upkeep;
        if (kept != null) {
            kept.end();
        }
    }
}
