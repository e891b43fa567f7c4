package microdot.sse;

import java.util.List;
import microdot.JsonCodec;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Changes the rows of tables, and wakes their followers. Any thread. */
final class TableChanges {
    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int SLICE = 256;

    private final TopicOrder order;
    private final TopicWriter writer;
    private final RowEncoder encoder;

    TableChanges(TopicOrder order, TopicWriter writer, JsonCodec json) {
        this.order = order;
        this.writer = writer;
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

    private long change(TopicState table, Row row) {
        long position = writer.change(table, row);
        if (position == TopicOrder.OTHER_KIND) {
            throw new IllegalStateException(
                    "table: \""
                            + table.name
                            + "\" was removed (expected: no change until topics.table makes it"
                            + " again)");
        }
        if (position == TopicOrder.TOPIC_CLOSED) {
            throw new IllegalStateException(
                    "table: \""
                            + table.name
                            + "\" is closed (expected: no change after its close)");
        }
        return position;
    }

    @Nullable Row get(TopicState table, String key) {
        return order.locked(
                () -> {
                    TableRows rows = table.log.rows();
                    return rows == null ? null : rows.get(key);
                });
    }

    List<Row> all(TopicState table) {
        return order.locked(
                () -> {
                    TableRows rows = table.log.rows();
                    return rows == null ? List.of() : rows.all();
                });
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
