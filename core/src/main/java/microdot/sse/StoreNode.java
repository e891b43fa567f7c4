package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import microdot.JsonCodec;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import microdot.internal.Uninterrupted;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventId;
import microdot.sse.log.MemoryBudget;
import microdot.sse.log.StoreOrder;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** This process as a node of a store: what it appends, what the tail delivers, and the history. */
final class StoreNode implements EventStore.Tail {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** How long a client waits for this node to come as far as it has already been. */
    private static final Duration LONGEST_LAG = Duration.ofSeconds(2);

    private final EventStore store;
    private final StoreOrder order;
    private final StoreAppends appends;
    private final StoreTail tail;
    private final StoreReads reads;
    private final StoreRetentions retentions;
    private final ColdHistory history;
    private final Opening opening;
    private @Nullable NodeTopics topics; // Set before `ready`.
    private volatile long seenFrom;

    private StoreNode(
            EventStore store,
            EventStore.Opened opened,
            Opening opening,
            MemoryBudget budget,
            JsonCodec json) {
        this.store = store;
        Epoch ids = Epoch.of(opened.epochs());
        // What follows is of the newest epoch: a gap up to here has its id.
        long from = Math.max(opened.head(), opened.epochs().getLast().first() - 1);
        this.order = new StoreOrder(budget, ids, from);
        this.seenFrom = from;
        this.appends = new StoreAppends(store, order);
        this.tail = new StoreTail(order, json, opened.ends());
        this.reads = new StoreReads(store);
        this.retentions = new StoreRetentions(store);
        this.history = new ColdHistory(reads, ids, Math.max(1 << 20, budget.max() / 16));
        this.opening = opening;
        opening.node = this;
    }

    /** What the store calls before there is a node: it waits. */
    private static final class Opening implements EventStore.Tail {
        private final CountDownLatch ready = new CountDownLatch(1);
        private volatile @Nullable StoreNode node;

        private StoreNode node() {
            Uninterrupted.await(ready::await); // An entry must not be lost.
            return Objects.requireNonNull(node);
        }

        @Override
        public void appended(List<StoredEntry> batch) {
            node().appended(batch);
        }

        @Override
        public void begins(StoreEpoch epoch) {
            node().begins(epoch);
        }

        @Override
        public void away(String reason) {
            node().away(reason);
        }

        @Override
        public void back() {
            node().back();
        }
    }

    /** Opens the store. What it appends waits until {@link #serve}. */
    static StoreNode open(EventStore store, MemoryBudget budget, JsonCodec json) {
        var opening = new Opening();
        EventStore.Opened opened = store.open(opening);
        return new StoreNode(store, opened, opening, budget, json);
    }

    /** From now on, what the store has appended goes to these topics. */
    void serve(NodeTopics served) {
        topics = served;
        opening.ready.countDown();
    }

    StoreOrder order() {
        return order;
    }

    /** Returns whether the engine ever had an entry of the topic. Blocks. */
    boolean has(String topic) {
        return store.kept(topic).last() > 0;
    }

    Set<EventStore.Limit> limits() {
        return store.limits();
    }

    TopicWriter writer() {
        return new StoreWriter(order, appends);
    }

    ColdHistory history() {
        return history;
    }

    StoreRetentions retentions() {
        return retentions;
    }

    /** Returns the position from which on this node has seen every entry. */
    long seenFrom() {
        return seenFrom;
    }

    /** Most of it is to be used under the lock of the order. */
    StoreTail tail() {
        return tail;
    }

    Duration publishTimeout() {
        return appends.timeout();
    }

    void publishTimeout(Duration timeout) {
        appends.timeout(timeout);
    }

    /** Returns whether a client's id may be known to the engine and not to this node. */
    boolean isUnknown(String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        return id == null || (order.epoch().isOf(id) && id.position() > order.head());
    }

    /**
     * Returns an id that this node knows for one that it does not; the same if the engine does not
     * know it either. Null when this node has not come so far in time: the client should try again.
     * Blocks.
     */
    @Nullable String known(List<String> topics, String lastEventId) {
        String wanted =
                EventId.parse(lastEventId) == null
                        ? history.resolved(topics, lastEventId)
                        : lastEventId;
        EventId id = EventId.parse(wanted);
        if (id == null || reads.of("", EventStore::head) < id.position()) {
            return wanted;
        }
        try {
            appends.seen(id.position()).get(LONGEST_LAG.toNanos(), TimeUnit.NANOSECONDS);
            return wanted;
        } catch (TimeoutException e) {
            return null;
        } catch (InterruptedException e) {
            throw Interruption.of(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // Never completed so.
        }
    }

    boolean isAway() {
        return appends.isAway();
    }

    /** Returns how long a caller waits that reads something; it is shorter during an outage. */
    long longestWork(long otherwise) {
        return reads.areFailing() ? Math.min(otherwise, appends.timeout().toNanos()) : otherwise;
    }

    private NodeTopics topics() {
        return Objects.requireNonNull(topics);
    }

    @Override
    public void appended(List<StoredEntry> batch) {
        // A store has no other way to find out that the process cannot go on.
        ProcessErrors.checked(() -> take(batch));
    }

    private void take(List<StoredEntry> batch) {
        for (StoredEntry stored : batch) {
            if (stored.entry().kind() == Entry.Kind.CLEAR) {
                history.forget(stored.entry().topic());
            }
        }
        tail.appended(batch, topics(), appends::unchanged);
        if (!batch.isEmpty()) {
            appends.reached(batch.getLast().position());
        }
    }

    @Override
    public void begins(StoreEpoch epoch) {
        ProcessErrors.checked(() -> takeLoss(epoch));
    }

    private void takeLoss(StoreEpoch epoch) {
        history.forgetAll();
        seenFrom = epoch.first() - 1;
        lose(epoch);
        appends.reached(epoch.first() - 1);
    }

    /**
     * The engine may have lost entries, also such as this node has delivered: nothing of what is in
     * memory is right any more.
     */
    private void lose(StoreEpoch epoch) {
        long position = epoch.first() - 1;
        var ended = new LinkedHashSet<String>();
        order.runLocked(
                () -> {
                    order.epoch().begins(epoch);
                    ended.addAll(tail.lose(epoch.previousEnd()));
                    for (TopicState topic : topics().all()) {
                        order.placeLoss(topic.log, position, epoch.previousEnd());
                        tail.created(topic); // If it had ended, it still has.
                        if (topic.table() != null) {
                            topics().readRows(topic);
                        }
                        topic.latestLost();
                        ended.add(topic.name);
                    }
                    tail.asks(ended, epoch.first());
                    order.raise(position);
                });
        topics().all().forEach(topic -> topic.readers.wake());
        topics().retainAgain();
        // Not on the thread of the store, which may be what answers.
        Thread.ofVirtual().name("microdot-store").start(() -> findEnds(ended, epoch.first()));
    }

    /** The epoch may be one of this process, which has missed what the engine still has. */
    private void findEnds(Set<String> names, long first) {
        for (String name : names) {
            try {
                long at = store.kept(name).closedAt();
                if (at > 0 && at < first) { // A later one comes with the tail.
                    List<StoredEntry> end = store.read(name, at - 1, at, 1).entries();
                    TopicState topic = topics().existing(name);
                    order.runLocked(() -> end.forEach(each -> tail.ended(each, first, topic)));
                    if (topic != null) {
                        topic.readers.wake();
                    }
                }
            } catch (RuntimeException e) {
                if (!order.isClosed()) {
                    LOG.log(
                            Level.WARNING,
                            "which topics have ended could not be read from the store; the streams"
                                    + " of topic "
                                    + Quoted.whole(name)
                                    + ", and of others that were not read yet, stay open",
                            e);
                }
                return;
            }
        }
    }

    @Override
    public void away(String reason) {
        appends.away(reason);
    }

    @Override
    public void back() {
        appends.back();
        reads.back();
    }

    void close() {
        store.close();
        appends.close();
        reads.close();
    }
}
