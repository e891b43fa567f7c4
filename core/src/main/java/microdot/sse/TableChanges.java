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
                // Of this row only: one that is put meanwhile stays.
                Row removal = encoder.removal(topic.name, row.key(), row);
                if (!writer.expire(topic, removal)) {
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
