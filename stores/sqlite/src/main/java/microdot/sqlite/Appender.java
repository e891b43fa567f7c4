package microdot.sqlite;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EndedException;
import microdot.sse.store.Entry;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** Puts entries into the open transaction. Confined to the writer. */
final class Appender {
    private static final String INSERT =
            "INSERT INTO entries (position, topic, time, kind, key, id, row, bytes)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    private static final long REPEAT_MILLIS = Append.REPEAT_SECONDS * 1000L;

    private final TopicStates topics;
    private final InstantSource clock;
    private long next;

    /**
     * @param next the position of the next entry
     */
    Appender(TopicStates topics, InstantSource clock, long next) {
        this.topics = topics;
        this.clock = clock;
        this.next = next;
    }

    /** The newest kept entry of a key. */
    private record Newest(long position) {}

    /** The positions that the first append with a key got. */
    private record Repeat(long first, long count) {
        List<Long> positions() {
            return LongStream.range(first, first + count).boxed().toList();
        }
    }

    /** The file has entries up to this position. */
    void follows(long position) {
        next = Math.max(next, position + 1);
    }

    /** Returns the entries of appends that are not refused, in order. */
    List<StoredEntry> append(Database database, List<Pending> appends) throws SQLException {
        long now = clock.millis();
        var batch = new ArrayList<StoredEntry>(appends.size());
        PreparedStatement insert = database.prepare(INSERT);
        for (Pending pending : appends) {
            append(database, insert, pending, now, batch);
        }
        if (!batch.isEmpty()) {
            insert.executeBatch();
            for (StoredEntry stored : batch) {
                index(database, stored);
            }
            database.update("UPDATE store SET head = ?", next - 1);
        }
        return batch;
    }

    private void append(
            Database database,
            PreparedStatement insert,
            Pending pending,
            long now,
            List<StoredEntry> batch)
            throws SQLException {
        Append append = pending.append;
        String key = append.idempotencyKey();
        Repeat known = key == null ? null : repeat(database, key, now);
        if (known != null) {
            pending.appendedAt(known.positions());
            return;
        }
        String name = append.entries().getFirst().topic();
        Duration endLasts = append.endLasts();
        if (endLasts != null && hasEnded(database, name, now - endLasts.toMillis())) {
            pending.refused(new EndedException(name));
            return;
        }
        if (append.expectedLast().isPresent()) {
            TopicState topic = topics.find(database, name);
            long last = topic == null ? 0 : topic.last;
            long expected = append.expectedLast().getAsLong();
            if (last != expected) {
                pending.refused(new ConflictException(name, expected, last));
                return;
            }
        }
        long first = next;
        for (Entry entry : append.entries()) {
            TopicState topic = topics.get(database, entry.topic());
            batch.add(add(insert, topic, entry, now));
        }
        if (key != null) {
            database.update(
                    "INSERT OR REPLACE INTO repeats VALUES (?, ?, ?, ?)",
                    key,
                    now,
                    first,
                    next - first);
        }
        pending.appendedAt(LongStream.range(first, next).boxed().toList());
    }

    /** Whether the newest entry of a topic is an end after this time. */
    private boolean hasEnded(Database database, String name, long after) throws SQLException {
        TopicState topic = topics.find(database, name);
        if (topic == null || topic.closedAt == 0) {
            return false;
        }
        if (topic.closedTime == 0) { // It was read from the file, and so was its end.
            topic.closedTime =
                    database.number("SELECT time FROM entries WHERE position = ?", topic.closedAt);
        }
        return topic.closedTime > after;
    }

    private static @Nullable Repeat repeat(Database database, String key, long now)
            throws SQLException {
        return database.query(
                "SELECT first, count FROM repeats WHERE key = ? AND time >= ?",
                rows -> rows.next() ? new Repeat(rows.getLong(1), rows.getLong(2)) : null,
                key,
                now - REPEAT_MILLIS);
    }

    private StoredEntry add(PreparedStatement insert, TopicState topic, Entry entry, long now)
            throws SQLException {
        long position = next++;
        insert.setLong(1, position);
        insert.setLong(2, topic.id);
        insert.setLong(3, now);
        insert.setInt(4, entry.kind().code());
        insert.setString(5, entry.key());
        insert.setString(6, entry.id());
        insert.setLong(7, entry.row());
        insert.setBytes(8, entry.bytes());
        insert.addBatch();
        if (entry.kind() == Entry.Kind.CLEAR) {
            topic.floor = position - 1;
            topic.cleared = position;
            topic.swept = 0;
            topic.entries = 0;
            topic.bytes = 0;
            topic.held = TopicState.NEVER;
        }
        if (topic.entries == 0) {
            topic.oldest = now;
        }
        topic.entries++;
        topic.bytes += entry.bytes().length;
        topic.last = position;
        topic.closedAt = entry.kind() == Entry.Kind.CLOSE ? position : 0;
        topic.closedTime = now;
        topics.changed(topic);
        return new StoredEntry(position, now, entry);
    }

    /** Makes an entry the newest of its key. The removal of a row leaves a newer one. */
    private void index(Database database, StoredEntry stored) throws SQLException {
        Entry entry = stored.entry();
        String key = entry.key();
        if (key == null) {
            return;
        }
        TopicState topic = topics.get(database, entry.topic());
        Newest before =
                database.query(
                        "SELECT position FROM newest WHERE topic = ? AND key = ?",
                        rows -> rows.next() ? new Newest(rows.getLong(1)) : null,
                        topic.id,
                        key);
        if (before != null
                && before.position >= topic.cleared
                && entry.row() != 0
                && before.position > entry.row()) {
            return;
        }
        database.update(
                "INSERT OR REPLACE INTO newest VALUES (?, ?, ?, ?)",
                topic.id,
                key,
                stored.position(),
                entry.kind().code());
        if (before != null && before.position <= topic.floor) {
            database.update("DELETE FROM entries WHERE position = ?", before.position);
        }
    }

    /** Forgets keys of appends whose time is over. */
    void forgetRepeats(Database database) throws SQLException {
        database.update("DELETE FROM repeats WHERE time < ?", clock.millis() - REPEAT_MILLIS);
    }
}
