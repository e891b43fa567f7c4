package microdot.sqlite;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import microdot.sse.store.Entry;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoredEntry;

/** What is read from the file. Each is one statement, so it sees one moment. */
final class Queries {
    private static final String FIELDS =
            "SELECT t.floor, e.position, e.time, e.kind, e.key, e.id, e.row, e.bytes";
    private static final String READ =
            FIELDS
                    + " FROM topics t LEFT JOIN entries e ON e.topic = t.id"
                    + " AND e.position > max(?, t.floor) AND e.position <= ?"
                    + " WHERE t.name = ? ORDER BY e.position";
    private static final String LATEST =
            FIELDS
                    + " FROM topics t LEFT JOIN newest n ON n.topic = t.id"
                    + " AND n.position > max(?, t.cleared)"
                    + " AND (n.position > t.floor OR (t.keep_latest = 1 AND n.kind < 3))"
                    + " LEFT JOIN entries e ON e.position = n.position"
                    + " WHERE t.name = ? ORDER BY n.position";

    private static final String AFTER =
            "SELECT t.name, e.position, e.time, e.kind, e.key, e.id, e.row, e.bytes"
                    + " FROM entries e JOIN topics t ON t.id = e.topic"
                    + " WHERE e.position > ? ORDER BY e.position";

    private final Readers readers;

    Queries(Readers readers) {
        this.readers = readers;
    }

    Page read(String topic, long after, long upTo, int maxBytes) {
        return readers.read(
                database ->
                        database.query(
                                READ, rows -> page(rows, topic, maxBytes), after, upTo, topic));
    }

    Page latest(String topic, long after, int maxBytes) {
        return readers.read(
                database ->
                        database.query(LATEST, rows -> page(rows, topic, maxBytes), after, topic));
    }

    private static Page page(ResultSet rows, String topic, int maxBytes) throws SQLException {
        var found = new ArrayList<StoredEntry>();
        long floor = 0;
        long left = maxBytes;
        while (rows.next()) {
            floor = rows.getLong(1);
            long position = rows.getLong(2);
            if (position == 0) {
                break; // A topic without an entry that was asked for.
            }
            byte[] bytes = bytes(rows);
            left -= bytes.length;
            if (left < 0 && !found.isEmpty()) {
                return new Page(floor, found, true);
            }
            found.add(entry(rows, topic, bytes));
        }
        return new Page(floor, found, false);
    }

    /** Returns the entries of all topics after a position, with the connection of the writer. */
    static List<StoredEntry> after(Database database, long position) throws SQLException {
        return database.query(
                AFTER,
                rows -> {
                    var found = new ArrayList<StoredEntry>();
                    while (rows.next()) {
                        found.add(entry(rows, rows.getString(1), bytes(rows)));
                    }
                    return found;
                },
                position);
    }

    private static StoredEntry entry(ResultSet rows, String topic, byte[] bytes)
            throws SQLException {
        Entry entry =
                new Entry(
                        Entry.Kind.of(rows.getInt(4)),
                        topic,
                        rows.getString(5),
                        rows.getString(6),
                        rows.getLong(7),
                        bytes);
        return new StoredEntry(rows.getLong(2), rows.getLong(3), entry);
    }

    private static byte[] bytes(ResultSet rows) throws SQLException {
        byte[] bytes = rows.getBytes(8);
        return bytes == null ? new byte[0] : bytes;
    }

    Kept kept(String topic) {
        return readers.read(
                database ->
                        database.query(
                                "SELECT floor, last, closed_at FROM topics WHERE name = ?",
                                rows ->
                                        rows.next()
                                                ? new Kept(
                                                        rows.getLong(1),
                                                        rows.getLong(2),
                                                        rows.getLong(3))
                                                : new Kept(0, 0, 0),
                                topic));
    }

    OptionalLong find(String topic, String id) {
        long position =
                readers.read(
                        database ->
                                database.number(
                                        "SELECT max(e.position) FROM topics t JOIN entries e"
                                                + " ON e.topic = t.id AND e.id = ?"
                                                + " AND e.position > t.floor WHERE t.name = ?",
                                        id,
                                        topic));
        return position == 0 ? OptionalLong.empty() : OptionalLong.of(position);
    }
}
