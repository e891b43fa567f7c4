package microdot.sse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.Row;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** Topics that are in the memory of this process only: the order itself gives the positions. */
final class MemoryWriter implements TopicWriter {
    private final MemoryOrder order;
    private final RepeatedPublishes repeated = new RepeatedPublishes();

    MemoryWriter(MemoryOrder order) {
        this.order = order;
    }

    @Override
    public long append(
            TopicState topic,
            EncodedEvent event,
            @Nullable Object keyedBy,
            @Nullable String key,
            boolean isLast) {
        long position = order.append(topic.log, event, keyedBy, key, isLast);
        topic.readers.wake();
        return position;
    }

    @Override
    public long append(PublishBatch batch) {
        TopicState topic = batch.topic();
        String once = batch.options().idempotencyKey();
        long position =
                once == null
                        ? appendNow(batch)
                        : repeated.once(once, order.now(), () -> appendNow(batch));
        topic.readers.wake();
        return position;
    }

    private long appendNow(PublishBatch batch) {
        return order.append(
                batch.topic().log,
                batch.events(),
                batch.keyedBy(),
                batch.isLast(),
                batch.expectedLast(order.epoch()),
                batch.topic().name);
    }

    @Override
    public CompletionStage<Long> appendAsync(PublishBatch batch) {
        try {
            return CompletableFuture.completedFuture(append(batch));
        } catch (StoreException e) { // As with a store: the stage fails.
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public long change(TopicState table, Row change) {
        long position = order.change(table.log, change);
        if (position != TopicOrder.NOTHING) {
            table.readers.wake();
        }
        return position;
    }

    @Override
    public boolean expire(TopicState table, Row removal) {
        return change(table, removal) >= 0;
    }

    @Override
    public boolean isImmediate() {
        return true;
    }

    @Override
    public void close(TopicState topic) {
        order.close(topic.log);
        topic.readers.wake();
    }

    @Override
    public void removeAll(TopicState topic) {
        order.removeAll(topic.log);
        topic.readers.wake();
    }
}
