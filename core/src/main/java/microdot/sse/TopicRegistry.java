package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import microdot.JsonCodec;
import microdot.Request;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import microdot.sse.log.DeliveryTasks;
import microdot.sse.log.MemoryBudget;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * All topics by name: makes a topic when it is first used, and forgets it when it keeps nothing and
 * is not in use. Every method may be called from any thread.
 */
final class TopicRegistry implements NodeTopics {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final Map<String, TopicState> topics = new ConcurrentHashMap<>();
    private final ForgottenTopics forgotten = new ForgottenTopics();
    private final EndedTopics ended = new EndedTopics();
    private final DeliveryTasks tasks = new DeliveryTasks();
    private final TopicOrder order;
    private final JsonCodec json;
    private final TableChanges tables;
    private final TableTopics tableTopics;
    private final PresenceTopics presence;
    private final TopicEnds ends;

    private final TopicWriter writer;
    private final RunTopics runs;
    private final @Nullable StoreNode store; // Null for topics in memory.

    /** The topic of streams that follow none: nothing is ever published to it. */
    private final TopicState quiet;

    private final PrefixOptions prefixes = new PrefixOptions();

    /**
     * @param budget what all topics together may take
     */
    TopicRegistry(MemoryBudget budget, JsonCodec json) {
        this(new MemoryOrder(budget), json);
    }

    private TopicRegistry(MemoryOrder order, JsonCodec json) {
        this(order, order, new MemoryWriter(order), null, json);
    }

    /**
     * @param runs the order of runs, which live in this process only
     */
    TopicRegistry(StoreNode store, MemoryOrder runs, JsonCodec json) {
        this(store.order(), runs, store.writer(), store, json);
    }

    private TopicRegistry(
            TopicOrder order,
            MemoryOrder runs,
            TopicWriter writer,
            @Nullable StoreNode store,
            JsonCodec json) {
        this.order = order;
        this.writer = writer;
        this.store = store;
        this.json = json;
        this.tables = new TableChanges(order, writer, store, json);
        this.tableTopics = new TableTopics(order, tables, store, json);
        this.presence = new PresenceTopics(order, tableTopics, tables, store, this::pinnedReserved);
        this.ends = new TopicEnds(this, order, store, ended);
        this.runs = new RunTopics(runs);
        this.quiet = order.locked(() -> new TopicState("", order, 0, prefixes.of(""), topic -> {}));
    }

    TopicOrder order() {
        return order;
    }

    TopicWriter writer() {
        return writer;
    }

    /** Returns null for topics in memory. */
    @Nullable StoreNode store() {
        return store;
    }

    /** Returns the topics of runs, which have no names. */
    RunTopics runs() {
        return runs;
    }

    TopicEnds ends() {
        return ends;
    }

    DeliveryTasks tasks() {
        return tasks;
    }

    /** Returns the topic of streams that follow none, pinned. */
    TopicState quiet() {
        quiet.pinKnown();
        return quiet;
    }

    /** Returns the topic, made when it is unknown; it is not forgotten until it is unpinned. */
    TopicState pinned(String name) {
        TopicState known = topics.get(name);
        if (known != null && known.pin()) {
            return known;
        }
        TopicRules.checkedName(name);
        TopicState pinned = pinnedReserved(name);
        if (isRetained(pinned)) {
            Objects.requireNonNull(store).retentions().setSoon(pinned); // Perhaps on a loop.
        }
        return pinned;
    }

    /** Returns a topic whose name may be reserved, as {@link #pinned}. */
    private TopicState pinnedReserved(String name) {
        return order.locked(
                () -> {
                    TopicState topic = topics.computeIfAbsent(name, this::create);
                    topic.pinKnown();
                    return topic;
                });
    }

    /** Returns the topic, pinned; null when it is unknown. */
    private @Nullable TopicState pinnedIfKnown(String name) {
        TopicState known = topics.get(name);
        if (known == null || known.pin()) {
            return known;
        }
        // It is being forgotten, or could not be after all: under the lock that is decided.
        return order.locked(
                () -> {
                    TopicState topic = topics.get(name);
                    if (topic != null) {
                        topic.pinKnown();
                    }
                    return topic;
                });
    }

    private TopicState create(String name) {
        // What a store has of a topic up to now is not in memory.
        long floor = forgotten.floor(name);
        if (store != null) {
            floor = Math.max(floor, store.seenFrom());
        }
        var topic = new TopicState(name, order, floor, prefixes.of(name), this::forgetIfUnused);
        topic.configure(topic.options(), json);
        topic.hasFormerEnd(ended.get(name));
        if (forgotten.rowsUntil(name) > 0) {
            topic.wasTable(forgotten.rowsUntil(name), json);
        }
        if (store != null) {
            topic.isStored();
            store.tail().created(topic);
        }
        return topic;
    }

    /** Returns null when the topic is unknown or forgotten. */
    @Override
    public @Nullable TopicState existing(String name) {
        return topics.get(name);
    }

    /** Returns the options of the topic, whether or not it has been made. */
    @Override
    public TopicOptions options(String name) {
        TopicState known = topics.get(name);
        return known == null ? prefixes.of(name) : known.options();
    }

    /** Sets the topic's own options. */
    void configure(TopicState topic, TopicOptions options) {
        order.runLocked(
                () -> {
                    if (topic.table() != null) {
                        throw new IllegalArgumentException(
                                "topic: "
                                        + Quoted.whole(topic.name)
                                        + " is a table (expected: TableOptions)");
                    }
                    TopicOptions own = topic.ownOptions();
                    if (own != null) {
                        TopicRules.checkSame("topic", topic.name, own, options);
                    }
                    topic.configureItself(options, json);
                    if (store != null) {
                        store.tail().created(topic); // Its end may be over with these options.
                    }
                });
        retain(topic);
    }

    private void retain(TopicState topic) {
        if (isRetained(topic)) {
            Objects.requireNonNull(store).retentions().set(topic);
        }
    }

    /** Where nothing was chosen, another node may have chosen something. */
    private boolean isRetained(TopicState topic) {
        return store != null && topic.table() == null && !PrefixOptions.isDefault(topic.options());
    }

    /** Makes the topic, which is pinned, a table, or returns the table that it is. */
    Table table(TopicState topic, TableOptions options) {
        return tableTopics.table(topic, options);
    }

    /** Makes the topic a table that its streams fill, or returns the table that it is. */
    Table presence(TopicState topic, Function<Request, @Nullable String> names) {
        return presence.presence(topic, names);
    }

    @Override
    public void retainAgain() {
        for (TopicState topic : topics.values()) {
            if (isRetained(topic)) {
                Objects.requireNonNull(store).retentions().setSoon(topic);
            }
        }
    }

    @Override
    public void readRows(TopicState table) {
        tableTopics.loadAgain(table);
    }

    /** A store has appended something to a topic that this node does not know. */
    @Override
    public void skipped(String name, long position) {
        forgotten.add(name, position, 0);
    }

    @Override
    public Collection<TopicState> all() {
        return topics.values();
    }

    /** Returns whether the streams of one of the topics fill it. */
    boolean areAnyFilled(List<String> names) {
        for (String name : names) {
            TopicState topic = topics.get(name);
            if (topic != null && topic.visits() != null) {
                return true;
            }
        }
        return false;
    }

    /** Returns what has to be counted of a stream. Runs code of the application. */
    List<Visits.Visit> visits(Request request, List<String> names) {
        if (!areAnyFilled(names)) {
            return List.of();
        }
        var found = new ArrayList<Visits.Visit>(1);
        for (String name : names) {
            TopicState topic = topics.get(name);
            Visits visits = topic == null ? null : topic.visits();
            Visits.Visit visit = visits == null ? null : visits.of(request);
            if (visit != null) {
                found.add(visit);
            }
        }
        return found;
    }

    /** A filter would see changes of rows but not the snapshot, and so protect nothing. */
    void checkNoTable(List<String> names) {
        for (String name : names) {
            if (isTable(name)) {
                throw new IllegalStateException(
                        "where: a filter on table "
                                + Quoted.whole(name)
                                + " (expected: a stream of the table without a filter)");
            }
        }
    }

    /** Returns whether the topic is a table, or is about to be one. */
    boolean isTable(String name) {
        TopicState topic = topics.get(name);
        return topic != null && (topic.table() != null || topic.becomesTable());
    }

    /** Sets the options of all topics whose name begins so and that have none of their own. */
    void configureAll(String prefix, TopicOptions options) {
        order.runLocked(() -> prefixes.set(prefix, options));
        // The lock is taken for each topic, so that publishers can take it in between.
        for (TopicState topic : topics.values()) {
            if (topic.name.startsWith(prefix)) {
                order.runLocked(
                        () -> {
                            topic.configureByPrefix(prefixes.of(topic.name), json);
                        });
                retain(topic);
            }
        }
    }

    /** Removes what the topic keeps, and its own options. Returns false when it is unknown. */
    boolean remove(String name) {
        ended.remove(name);
        boolean isStored = store != null && store.has(name);
        TopicState topic = isStored ? pinned(name) : pinnedIfKnown(name);
        if (topic == null) {
            return false;
        }
        try {
            topic.hasFormerEnd(0);
            int before = order.locked(topic::configurations);
            writer.removeAll(topic);
            order.runLocked(
                    () -> {
                        if (topic.configurations() == before) { // Else it was made again.
                            topic.dropOptions();
                            topic.configureByPrefix(prefixes.of(name), json);
                        }
                    });
        } finally {
            topic.unpin();
        }
        order.runLocked(() -> forgetIfUnused(topic));
        return true;
    }

    /** Nothing is published from now on; all followers end once they have everything. */
    void close() {
        presence.end();
        order.close();
        runs.close();
        if (store != null) {
            closeStore(store);
        }
        quiet.readers.wake();
        topics.values().forEach(topic -> topic.readers.wake());
        runs.wake();
    }

    private static void closeStore(StoreNode store) {
        try {
            store.close();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "closing the store failed", e);
        }
    }

    /** Lets time pass, and does at once what the next sweep would do. */
    void timePassed(Duration time) {
        order.timePassed(time);
        if (!runs.order().equals(order)) {
            runs.timePassed(time);
        }
        sweep();
    }

    /** Trims what is too old, releases unused loops, and forgets topics that nothing needs. */
    void sweep() {
        long now = order.now();
        for (TopicState topic : topics.values()) {
            sweep(topic, now);
        }
        runs.sweep();
        presence.sweep(now);
        quiet.readers.releaseUnused();
        tasks.releaseUnused();
    }

    // What fails for one topic must not keep the others from being swept.
    private void sweep(TopicState topic, long now) {
        try {
            while (!order.locked(() -> topic.log.trim(now))) {
                Thread.onSpinWait(); // In slices, so that publishers can take the lock in between.
            }
            topic.readers.releaseUnused();
            tables.expire(topic, now);
            order.runLocked(
                    () -> {
                        forgetIfUnused(topic);
                        forgetEnded(topic, now);
                    });
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            LOG.log(
                    Level.ERROR,
                    "sweeping topic "
                            + Quoted.whole(topic.name)
                            + " failed; its events are kept until the next sweep",
                    e);
        }
    }

    /** Under the lock of the order. */
    private void forgetEnded(TopicState topic, long now) {
        long end = topic.log.closedAt();
        if (topic.forgetEnded(now) && topics.remove(topic.name, topic)) {
            if (store != null) {
                store.tail().endOver(topic.name);
            }
            ended.add(topic.name, end);
            forgotten.add(topic.name, topic.log.last(), topic.rowsUntil());
            topic.log.clear();
            order.forget(topic.log);
        }
    }

    /** Under the lock of the order. */
    private void forgetIfUnused(TopicState topic) {
        if (topic.forget() && topics.remove(topic.name, topic)) {
            forgotten.add(topic.name, topic.log.last(), topic.rowsUntil());
            order.forget(topic.log);
        }
    }
}
