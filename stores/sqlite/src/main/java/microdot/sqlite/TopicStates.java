package microdot.sqlite;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/** The topics that the writer has used lately. Confined to the writer. */
final class TopicStates {
    private static final int MOST = 10_000;

    private final Map<String, TopicState> known = new LinkedHashMap<>(64, 0.75f, true);
    private final List<TopicState> changed = new ArrayList<>();

    /** Returns a topic, of the file when it is not known; null when the file has none. */
    @Nullable TopicState find(Database database, String name) throws SQLException {
        TopicState topic = known.get(name);
        if (topic == null) {
            topic = database.query(TopicState.BY_NAME, TopicState::read, name);
            if (topic != null) {
                known.put(name, topic);
            }
        }
        return topic;
    }

    /** Returns a topic with a number of the table. */
    @Nullable TopicState find(Database database, long id) throws SQLException {
        TopicState read = database.query(TopicState.BY_ID, TopicState::read, id);
        if (read == null) {
            return null;
        }
        TopicState topic = known.putIfAbsent(read.name, read);
        return topic == null ? read : topic;
    }

    /** Returns a topic that is made when there is none. */
    TopicState get(Database database, String name) throws SQLException {
        TopicState topic = find(database, name);
        if (topic == null) {
            database.update(
                    "INSERT INTO topics (name, last, floor, closed_at, entries, bytes, cleared,"
                            + " swept, oldest, held, due) VALUES (?, 0, 0, 0, 0, 0, 0, 0, ?, ?, ?)",
                    name,
                    TopicState.NEVER,
                    TopicState.NEVER,
                    TopicState.NEVER);
            topic = new TopicState(database.number("SELECT last_insert_rowid()"), name);
            known.put(name, topic);
        }
        return topic;
    }

    /** Remembers that a topic must be saved. */
    void changed(TopicState topic) {
        if (!topic.dirty) {
            topic.dirty = true;
            changed.add(topic);
        }
    }

    /** Returns the topics that must be saved. */
    List<TopicState> changed() {
        return changed;
    }

    void retain(Database database, String name, StoreRetention retention) throws SQLException {
        TopicState topic = get(database, name);
        if (retention.equals(topic.retention)) {
            return;
        }
        if (topic.keepsLatest() && !retention.latestOfKeys()) {
            topic.swept = 0; // What was kept for keys goes.
        }
        topic.retention = retention;
        database.update(
                "UPDATE topics SET keep_events = ?, keep_bytes = ?, keep_millis = ?,"
                        + " keep_latest = ? WHERE id = ?",
                retention.events(),
                retention.bytes(),
                TopicState.millis(retention.time()),
                retention.latestOfKeys() ? 1 : 0,
                topic.id);
        changed(topic);
    }

    /** Writes what has changed, as a part of the open transaction. */
    void save(Database database) throws SQLException {
        for (TopicState topic : changed) {
            topic.save(database);
        }
        changed.clear();
    }

    /** Forgets topics beyond the bound, which were saved. */
    void shrink() {
        Iterator<TopicState> oldest = known.values().iterator();
        while (known.size() > MOST && oldest.hasNext()) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Forgets everything: the transaction was not committed. */
    void forget() {
        known.clear();
        changed.clear();
    }
}
