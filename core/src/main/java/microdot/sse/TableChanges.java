package microdot.sse;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** Changes the rows of tables, and wakes their followers. Any thread. */
final class TableChanges {
    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int SLICE = 256;

    private final TopicOrder order;
    private final TopicWriter writer;
    private final @Nullable StoreNode store; // Null for topics in memory.
    private final RowEncoder encoder;

    TableChanges(TopicOrder order, TopicWriter writer, @Nullable StoreNode store, JsonCodec json) {
        this.order = order;
        this.writer = writer;
        this.store = store;
        this.encoder = new RowEncoder(json);
    }

    /** Returns the id of the change. */
    String put(TopicState table, String key, Object value) {
        return order.epoch().id(change(table, encoder.put(table.name, key, value)));
    }

    /** Returns whether there was such a row. */
    boolean remove(TopicState table, String key) {
        return change(table, encoder.removal(table.name, key, null)) != TopicOrder.NOTHING;
    }

    /** Removes a row, unless another was put with its key since. */
    void remove(TopicState table, Row row) {
        change(table, encoder.removal(table.name, row.key(), row));
    }

    /**
     * Removes a row, unless another was put with its key since. Does not wait for an engine: it may
     * be refused there, so try again.
     *
     * @return false when the table is no longer open
     */
    boolean expire(TopicState table, Row row) {
        return writer.expire(table, encoder.removal(table.name, row.key(), row));
    }

    /** Removes the row of a key. Does not wait for an engine, as {@link #expire}. */
    void removeSoon(TopicState table, String key) {
        writer.expire(table, encoder.removal(table.name, key, null));
    }

    private long change(TopicState table, Row row) {
        long position = loaded(() -> writer.change(table, row));
        if (position == TopicOrder.OTHER_KIND) {
            throw new IllegalStateException(
                    "table: "
                            + Quoted.whole(table.name)
                            + " was removed (expected: no change until topics.table makes it"
                            + " again)");
        }
        if (position == TopicOrder.TOPIC_CLOSED) {
            throw new IllegalStateException(
                    "table: "
                            + Quoted.whole(table.name)
                            + " is closed (expected: no change after its close)");
        }
        return position;
    }

    @Nullable Row get(TopicState table, String key) {
        return loaded(
                () ->
                        order.locked(
                                () -> {
                                    TableRows rows = rows(table);
                                    return rows == null ? null : rows.get(key);
                                }));
    }

    List<Row> all(TopicState table) {
        return loaded(
                () ->
                        order.locked(
                                () -> {
                                    TableRows rows = rows(table);
                                    return rows == null ? List.of() : rows.all();
                                }));
    }

    /** Under the lock of the order. Null when the topic is no longer a table. */
    private static @Nullable TableRows rows(TopicState table) {
        table.checkLoaded();
        return table.log.rows();
    }

    /**
     * Runs what needs the rows of a table. After a loss of the engine they are read again: waits
     * for that, as long as a publish may take.
     *
     * @throws StoreException when it takes longer
     */
    private <T extends @Nullable Object> T loaded(Supplier<T> action) {
        long start = System.nanoTime();
        while (true) {
            try {
                return action.get();
            } catch (EngineAwayException e) {
                awaitRows(e, start);
            }
        }
    }

    private void awaitRows(EngineAwayException cause, long start) {
        EngineWait rows = cause.await();
        if (store == null || rows == null) {
            throw cause;
        }
        Duration timeout = store.publishTimeout();
        try {
            if (!rows.await(start + timeout.toNanos() - System.nanoTime())) {
                throw new StoreException(
                        cause.getMessage()
                                + " (expected: within "
                                + timeout
                                + "; reading goes on, so try again, or set a longer"
                                + " publishTimeout)",
                        false,
                        cause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(cause.getMessage() + " (interrupted)", false, e);
        }
    }

    /**
     * Passes all rows in slices: the lock of the order is not held meanwhile.
     *
     * @throws EngineAwayException when they are read again, after a loss of the engine
     */
    void forEach(TopicState table, Consumer<Row> action) {
        long position = 0;
        long end = order.head();
        while (position < end) {
            long from = position;
            List<Row> slice =
                    order.locked(
                            () -> {
                                TableRows rows = rows(table);
                                return rows == null ? List.of() : rows.after(from, SLICE);
                            });
            slice.forEach(action);
            position = slice.size() < SLICE ? end : slice.getLast().position();
        }
    }

    /**
     * Removes the rows of a topic, if it is a table, that were not put for its {@code ttl}.
     *
     * @param now as {@link System#nanoTime} gives it
     */
    void expire(TopicState topic, long now) {
        TableOptions options = topic.table();
        if (options == null || options.ttlNanos() == 0) {
            return;
        }
        long time = now - options.ttlNanos();
        List<Row> expired = before(topic, time);
        while (!expired.isEmpty()) {
            for (Row row : expired) {
                if (!expire(topic, row)) {
                    return; // Closed or removed since.
                }
            }
            expired = writer.isImmediate() ? before(topic, time) : List.of();
        }
    }

    private List<Row> before(TopicState topic, long time) {
        return order.locked(
                () -> {
                    TableRows rows = topic.log.rows();
                    return rows == null ? List.of() : rows.before(time, SLICE);
                });
    }
}
