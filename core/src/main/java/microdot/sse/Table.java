package microdot.sse;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.internal.Required;
import microdot.sse.log.Row;
import org.jspecify.annotations.Nullable;

/**
 * A topic with rows: each has a key and a newest value. A follower of the topic gets all rows
 * first, in events named {@code snapshot}, and then each change, in events named {@code put} and
 * {@code remove}. One that is slow gets the newest value of each row that has changed.
 *
 * <p>Rows are never evicted: a limit that is reached is an exception for the caller of {@link
 * #put}. {@link Topics#publish} to the topic is refused. Every method may be called from any
 * thread.
 */
public final class Table {
    private final TopicState topic;
    private final TableChanges changes;
    private final JsonCodec json;

    Table(TopicState topic, TableChanges changes, JsonCodec json) {
        this.topic = topic;
        this.changes = changes;
        this.json = json;
    }

    /** Returns the name of the table, which is that of its topic. */
    public String name() {
        return topic.name;
    }

    /**
     * Puts a row, or replaces its value, and wakes the followers. They get an event also if the
     * value is the same as before.
     *
     * @param key 1 to 256 characters, and no half of a surrogate pair
     * @param value written as JSON, whatever its class is
     * @return the id of the change, as {@link Topics#publish} returns one
     * @throws IllegalArgumentException when the key is no such text, or the value cannot be written
     *     as JSON and read again: half of a surrogate pair in the name of a member cannot
     * @throws IllegalStateException when the table has {@link TableOptions#maxRows()} rows and the
     *     key is new, when the rows would take more than {@link TableOptions#maxBytes()} or those
     *     of all tables more than half of what topics may take, when {@link Topics#presence} made
     *     the table, when it was removed or closed, or when the topics are closed. Nothing was
     *     changed then
     * @throws microdot.sse.store.StoreException when the engine of a store does not take it, or the
     *     rows that are read again after a loss are not there, within {@link Topics#publishTimeout}
     */
    public String put(String key, Object value) {
        TopicRules.checkedKey(key);
        Required.notNull(value, "value", "a value; remove(key) removes a row");
        if (value instanceof Event) {
            throw new IllegalArgumentException("value: an " + value + " (expected: its data)");
        }
        checkOwnChanges();
        return changes.put(topic, key, value);
    }

    /**
     * Removes a row and wakes the followers.
     *
     * @return false when there was no such row; then followers get nothing. On a store, two
     *     processes that remove the same row at the same time may both get true
     * @throws IllegalStateException when {@link Topics#presence} made the table, when it was
     *     removed or closed, or when the topics are closed
     * @throws microdot.sse.store.StoreException as {@link #put}
     */
    public boolean remove(String key) {
        TopicRules.checkedKey(key);
        checkOwnChanges();
        return changes.remove(topic, key);
    }

    private void checkOwnChanges() {
        if (topic.visits() != null) {
            throw new IllegalStateException(
                    "table: "
                            + Quoted.whole(topic.name)
                            + " is filled by its open streams (expected: no put and no remove)");
        }
    }

    /**
     * Returns the value of a row as followers see it: what its JSON gives, a {@code Map}, {@code
     * List}, text, number, boolean or null. Null, too, when there is no such row.
     *
     * @throws microdot.sse.store.StoreException when the store has lost something, and the rows
     *     cannot be read again within {@link Topics#publishTimeout}
     */
    public @Nullable Object get(String key) {
        TopicRules.checkedKey(key);
        Row row = changes.get(topic, key);
        return row == null ? null : json.decode(row.value(), Object.class);
    }

    /**
     * Returns the value of a row as an object of the class; null when there is no such row.
     *
     * @throws IllegalArgumentException when its JSON is not one of that class
     * @throws microdot.sse.store.StoreException as {@link #get(String)}
     */
    public <T> @Nullable T get(String key, Class<T> type) {
        TopicRules.checkedKey(key);
        Required.notNull(type, "type", "a class");
        Row row = changes.get(topic, key);
        try {
            return row == null ? null : json.decode(row.value(), type);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "table: "
                            + Quoted.whole(topic.name)
                            + ", key "
                            + Quoted.of(key)
                            + " is no "
                            + type.getSimpleName()
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /**
     * Returns all rows of one moment, with values as {@link #get(String)} returns them. The row
     * that was put last is at the end.
     *
     * @throws microdot.sse.store.StoreException as {@link #get(String)}
     */
    public Map<String, Object> rows() {
        var rows = new LinkedHashMap<String, Object>();
        for (Row row : changes.all(topic)) {
            rows.put(row.key(), json.decode(row.value(), Object.class));
        }
        return Collections.unmodifiableMap(rows);
    }
}
