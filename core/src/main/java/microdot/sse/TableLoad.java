package microdot.sse;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import microdot.JsonCodec;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a table from its store, on its own thread, and then makes the topic the table.
 * It goes on until the engine can be read. The streams of the topic wait meanwhile, and so does
 * every {@code topics.table}.
 */
final class TableLoad {
    private final StoreNode store;
    private final TopicState topic;
    private final TableOptions options;
    private final JsonCodec json;
    private final TopicOrder order;
    private final EngineWait done = new EngineWait();
    private volatile @Nullable Throwable failure;
    private volatile String reason = "the engine has not answered";

    TableLoad(StoreNode store, TopicState topic, TableOptions options, JsonCodec json) {
        this.store = store;
        this.topic = topic;
        this.options = options;
        this.json = json;
        this.order = store.order();
    }

    /**
     * Begins it for a topic that is pinned. Under the lock of the order.
     *
     * @param ended runs at its end, under the lock of the order
     */
    void begin(Runnable ended) {
        topic.log.becomeTable(topic.name, options.maxRows(), options.maxBytes());
        topic.becomesTable(done);
        topic.pinKnown();
        Thread.ofVirtual().name("microdot-load").start(() -> run(ended));
    }

    /**
     * Waits until it is over.
     *
     * @throws StoreException when that takes too long; it goes on all the same
     */
    void await(long nanos, Duration timeout) {
        boolean over;
        try {
            over = done.await(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    "table: \"" + topic.name + "\": interrupted while its rows were read",
                    false,
                    e);
        }
        if (!over) {
            throw new StoreException(
                    "table: \""
                            + topic.name
                            + "\": its rows were not read within "
                            + timeout
                            + ": "
                            + reason
                            + " (expected: an engine that can be read; reading goes on, so call"
                            + " topics.table again, or set a longer publishTimeout)");
        }
        Throwable failed = failure;
        if (failed != null) {
            throw new StoreException(
                    "table: \"" + topic.name + "\": its rows could not be read: " + failed,
                    false,
                    failed);
        }
    }

    private void run(Runnable ended) {
        try {
            store.retentions().tell(topic.name, options);
            boolean loaded = false;
            while (!loaded) {
                loaded = tryOnce();
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = e;
            order.runLocked(topic.log::becomeTopic); // So that it can be tried again.
        } finally {
            order.runLocked(ended);
            topic.loaded();
            topic.readers.wake();
            topic.unpin();
        }
    }

    /** Returns false when it has to be tried again. */
    private boolean tryOnce() throws InterruptedException {
        long removedAt = topic.log.removedAt();
        List<StoredEntry> rows;
        long floor;
        try {
            rows = store.history().latest(topic.name);
            floor = store.history().floor(topic.name);
        } catch (EngineAwayException e) {
            EngineWait engine = e.await();
            if (engine == null) {
                throw e;
            }
            reason = String.valueOf(e.getMessage());
            engine.await(TimeUnit.DAYS.toNanos(1));
            return false;
        }
        return order.locked(
                () -> {
                    if (topic.log.removedAt() != removedAt) { // What was read is no longer right.
                        topic.log.becomeTable(topic.name, options.maxRows(), options.maxBytes());
                        return false;
                    }
                    store.tail().load(topic, rows, floor);
                    topic.log.beginTable();
                    topic.becomeTable(options, json);
                    return true;
                });
    }
}
