package microdot.sse;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Makes topics tables. Any thread. */
final class TableTopics {
    private final TopicOrder order;
    private final TableChanges changes;
    private final @Nullable StoreNode store; // Null for topics in memory.
    private final JsonCodec json;

    /** The tables that are read at the same time, after a loss: an engine has other clients. */
    private static final int READERS = 8;

    /** The rows that are read now. Under the lock of the order. */
    private final Map<TopicState, TableLoad> loads = new HashMap<>(0);

    private final Semaphore readers = new Semaphore(READERS);

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
            order.runLocked(
                    () -> {
                        checkNotFilled(topic);
                        begin(topic, options, null);
                    });
            return of(topic);
        }
        order.runLocked(() -> checkNotFilled(topic));
        load(topic, options, node);
        return of(topic);
    }

    /** Reads the rows of a topic, which is pinned, from the store, if it is no table yet. */
    void load(TopicState topic, TableOptions options, StoreNode node) {
        Duration timeout = node.publishTimeout();
        long end = System.nanoTime() + timeout.toNanos();
        TableLoad load = loadOf(topic, options, node);
        while (load != null) {
            load.await(end - System.nanoTime(), timeout);
            load = loadOf(topic, options, node); // With other options, it says so.
        }
    }

    private @Nullable TableLoad loadOf(TopicState topic, TableOptions options, StoreNode node) {
        return order.locked(
                () -> {
                    TableLoad running = loads.get(topic);
                    return running == null ? begin(topic, options, node) : running;
                });
    }

    private static void checkNotFilled(TopicState topic) {
        if (topic.visits() != null) {
            throw new IllegalArgumentException(
                    "table: "
                            + Quoted.whole(topic.name)
                            + " is filled by its open streams (expected: topics.presence)");
        }
    }

    /** Returns what has to end before the topic is the table; null if it is. Under the lock. */
    private @Nullable TableLoad begin(
            TopicState topic, TableOptions options, @Nullable StoreNode node) {
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
        return begun(topic, options, node);
    }

    private TableLoad begun(TopicState topic, TableOptions options, StoreNode node) {
        var load = new TableLoad(node, topic, options, json, readers, () -> loads.remove(topic));
        loads.put(topic, load);
        load.begin();
        return load;
    }

    /** Reads the rows of a topic, which is a table, again: its log was emptied. Under the lock. */
    void loadAgain(TopicState topic) {
        TableLoad running = loads.get(topic);
        if (running == null) {
            begun(topic, Objects.requireNonNull(topic.table()), Objects.requireNonNull(store));
        } else {
            running.becomeTable(); // It finds out that it has to read them once more.
        }
    }

    /**
     * Lets the streams of the topic, which is unused, fill it. Under the lock.
     *
     * @param options of the table that it becomes now; null if its rows are read first
     */
    void fill(TopicState topic, Visits visits, @Nullable TableOptions options) {
        checkUnused(topic);
        if (options != null) {
            topic.becomeTable(options, json);
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
                    "table: "
                            + Quoted.whole(topic.name)
                            + " is a topic with events or options (expected: a name that only"
                            + " the table has)");
        }
    }
}
