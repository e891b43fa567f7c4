package microdot.sse;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.KeyedEvent;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import org.jspecify.annotations.Nullable;

/**
 * Topics of a store: every change is an entry that the store appends, and takes effect on this node
 * when the {@link StoreTail} places it.
 */
final class StoreWriter implements TopicWriter {
    private static final long ADMITTED = 1;

    private final TopicOrder order;
    private final StoreAppends appends;

    StoreWriter(TopicOrder order, StoreAppends appends) {
        this.order = order;
        this.appends = appends;
    }

    @Override
    public long append(
            TopicState topic,
            EncodedEvent event,
            @Nullable Object keyedBy,
            @Nullable String key,
            boolean isLast) {
        var events = List.of(new KeyedEvent(event, key));
        return append(new PublishBatch(topic, events, keyedBy, isLast, PublishOptions.NONE));
    }

    @Override
    public long append(PublishBatch batch) {
        long refusal = refusal(batch);
        if (refusal != 0) {
            return refusal;
        }
        if (batch.isLast() && appends.limits().contains(EventStore.Limit.ONE_ENTRY_EACH)) {
            long position = appends.await(appendOf(batch.withoutEnd()));
            if (position > 0) {
                close(batch.topic());
            }
            return position;
        }
        Append append = appendOf(batch);
        try {
            return appends.await(append);
        } catch (ConflictException e) {
            return appends.await(afterRemoval(append, e));
        }
    }

    @Override
    public CompletionStage<Long> appendAsync(PublishBatch batch) {
        long refusal = refusal(batch);
        if (refusal != 0) {
            return CompletableFuture.completedFuture(refusal);
        }
        Append append = appendOf(batch);
        return appends.start(append)
                .exceptionallyCompose(
                        failure -> {
                            Throwable cause =
                                    failure instanceof CompletionException
                                            ? failure.getCause()
                                            : failure;
                            return cause instanceof ConflictException conflict
                                    ? appends.start(afterRemoval(append, conflict))
                                    : CompletableFuture.failedStage(failure);
                        });
    }

    /**
     * A topic that was removed has no event, as one that never had one: to the engine, its newest
     * entry is its removal. Blocks.
     *
     * @throws ConflictException when there was another conflict
     */
    private Append afterRemoval(Append append, ConflictException conflict) {
        String topic = append.entries().getFirst().topic();
        if (append.expectedLast().orElse(-1) != 0 || !appends.isRemoval(topic, conflict.last())) {
            throw conflict;
        }
        return new Append(
                append.entries(),
                OptionalLong.of(conflict.last()),
                append.idempotencyKey(),
                append.endLasts(),
                append.timeout());
    }

    private Append appendOf(PublishBatch batch) {
        List<Entry> entries = StoreTail.entries(batch);
        long expected = batch.expectedLast(order.epoch());
        OptionalLong last = expected < 0 ? OptionalLong.empty() : OptionalLong.of(expected);
        return unlessEnded(
                batch.topic(), new Append(entries, last, batch.options().idempotencyKey()));
    }

    /** The engine refuses what comes after an end: each process finds the same in the store. */
    private static Append unlessEnded(TopicState topic, Append append) {
        return append.unlessEnded(Duration.ofNanos(topic.options().retention().nanos()));
    }

    /**
     * Returns 0 when the topic can get events, or when the engine is to say whether it has them.
     */
    private long refusal(PublishBatch batch) {
        checkOpen();
        TopicState topic = batch.topic();
        if (topic.isEnded() && batch.options().idempotencyKey() == null) {
            return TopicOrder.TOPIC_CLOSED;
        }
        return topic.log.rows() == null ? 0 : TopicOrder.OTHER_KIND;
    }

    private void checkOpen() {
        if (order.isClosed()) {
            throw new IllegalStateException(
                    "topics: closed (expected: no publish after Topics.close)");
        }
    }

    @Override
    public long change(TopicState table, Row change) {
        checkOpen();
        long known = admission(table, change);
        if (known == TopicOrder.NOTHING && change.isRemoval() && change.expected() == null) {
            appends.catchUp(); // Another node may have put the row.
            known = admission(table, change);
        }
        return known == ADMITTED
                ? appends.await(unlessEnded(table, Append.of(entry(table, change))))
                : known;
    }

    private long admission(TopicState table, Row change) {
        return order.locked(
                () -> {
                    table.checkLoaded(); // Which rows there are decides.
                    TableRows rows = table.log.rows();
                    if (rows == null || table.isEnded()) {
                        return rows == null ? TopicOrder.OTHER_KIND : TopicOrder.TOPIC_CLOSED;
                    }
                    return rows.admits(change) ? ADMITTED : TopicOrder.NOTHING;
                });
    }

    private static Entry entry(TopicState table, Row change) {
        if (!change.isRemoval()) {
            return Entry.put(table.name, change.key(), change.value());
        }
        Row row = change.expected();
        return Entry.remove(table.name, change.key(), row == null ? 0 : row.position());
    }

    /** Every node does this; the entries of all but the first change nothing. */
    @Override
    public boolean expire(TopicState table, Row removal) {
        if (table.log.rows() == null || table.log.closedAt() > 0 || order.isClosed()) {
            return false;
        }
        Entry entry = entry(table, removal);
        String key = "expire " + table.name + " " + entry.key() + " " + entry.row();
        boolean once = !appends.limits().contains(EventStore.Limit.NO_IDEMPOTENCY_KEY);
        var append = new Append(List.of(entry), OptionalLong.empty(), once ? key : null);
        appends.expire(unlessEnded(table, append));
        return true;
    }

    @Override
    public boolean isImmediate() {
        return false;
    }

    @Override
    public void close(TopicState topic) {
        if (!topic.isEnded()) {
            appends.await(unlessEnded(topic, Append.of(Entry.close(topic.name))));
        }
    }

    @Override
    public void removeAll(TopicState topic) {
        appends.await(Append.of(Entry.clear(topic.name)));
    }
}
