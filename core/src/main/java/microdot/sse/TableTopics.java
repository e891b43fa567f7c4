package microdot.sse;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import microdot.JsonCodec;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Makes topics tables. Any thread. */
final class TableTopics {
    private final TopicOrder order;
    private final TableChanges changes;
    private final @Nullable StoreNode store; // Null for topics in memory.
    private final JsonCodec json;

    /** The rows that are read now. Under the lock of the order. */
    private final Map<TopicState, TableLoad> loads = new HashMap<>(0);

    TableTopics(TopicOrder order, TableChanges changes, @Nullable StoreNode store, JsonCodec json) {
        this.order = order;
        this.changes = changes;
        this.store = store;
        this.json = json;
    }

    /** Makes the topic, which is pinned, a table, or returns the table that it is. */
    Table table(TopicState topic, TableOptions options) {
        StoreNode node = store;
        if (node == null) {
            order.runLocked(() -> begin(topic, options, null));
            return of(topic);
        }
        Duration timeout = node.publishTimeout();
        long end = System.nanoTime() + timeout.toNanos();
        TableLoad load = loadOf(topic, options, node);
        while (load != null) {
            load.await(end - System.nanoTime(), timeout);
            load = loadOf(topic, options, node); // With other options, it says so.
        }
        return of(topic);
    }

    private @Nullable TableLoad loadOf(TopicState topic, TableOptions options, StoreNode node) {
        return order.locked(
                () -> {
                    TableLoad running = loads.get(topic);
                    return running == null ? begin(topic, options, node) : running;
                });
    }

    /** Returns what has to end before the topic is the table; null if it is. Under the lock. */
    private @Nullable TableLoad begin(
            TopicState topic, TableOptions options, @Nullable StoreNode node) {
        if (topic.visits() != null) {
            throw new IllegalArgumentException(
                    "table: \""
                            + topic.name
                            + "\" is filled by its open streams (expected: topics.presence)");
        }
        TableOptions known = topic.table();
        if (known != null) {
            TopicRules.checkSame("table", topic.name, known, options);
            return null;
        }
        checkUnused(topic);
        if (node == null) {
            topic.becomeTable(options, json);
            return null;
        }
        var load = new TableLoad(node, topic, options, json);
        loads.put(topic, load);
        load.begin(() -> loads.remove(topic));
        return load;
    }

    /** Makes the topic, which is unused, a table that its streams fill. Under the lock. */
    void fill(TopicState topic, Visits visits) {
        if (topic.table() == null) {
            checkUnused(topic);
            topic.becomeTable(new TableOptions(), json);
        }
        topic.fillBy(visits);
    }

    /** Returns the table that the topic is. */
    Table of(TopicState topic) {
        return new Table(topic, changes, json);
    }

    private static void checkUnused(TopicState topic) {
        if (topic.ownOptions() != null
                || topic.becomesTable()
                || !topic.log.isEmpty()
                || topic.isEnded()) {
            throw new IllegalArgumentException(
                    "table: \""
                            + topic.name
                            + "\" is a topic with events or options (expected: a name that only"
                            + " the table has)");
        }
    }
}
