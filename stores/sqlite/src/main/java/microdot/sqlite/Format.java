package microdot.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import microdot.sse.store.StoreException;

/**
 * The format of the file: its number, and how files of older numbers become files of this one.
 *
 * @param version that is written, in {@code user_version}
 * @param migrations the statements that make a file of version 2 of one of version 1, and so on
 */
record Format(int version, List<List<String>> migrations) {
    static final Format CURRENT = new Format(1, List.of());

    /** "MdEv": whose file it is, in {@code application_id}. */
    static final int APPLICATION = 0x4D644576;

    private static final List<String> TABLES =
            List.of(
                    """
                    CREATE TABLE store (
                        namespace TEXT NOT NULL,
                        head INTEGER NOT NULL,      -- the position of the newest entry
                        running INTEGER NOT NULL,   -- 1 while a process has it open
                        always INTEGER NOT NULL,    -- 1 when each commit is forced to the disk
                        opening TEXT NOT NULL       -- of the last time it was opened
                    )""",
                    """
                    CREATE TABLE epochs (
                        number INTEGER PRIMARY KEY,
                        name TEXT NOT NULL,
                        previous_end INTEGER NOT NULL,
                        first INTEGER NOT NULL
                    )""",
                    """
                    CREATE TABLE topics (
                        id INTEGER PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE,
                        last INTEGER NOT NULL,      -- the position of its newest entry ever
                        floor INTEGER NOT NULL,     -- up to here the history is trimmed
                        closed_at INTEGER NOT NULL, -- the position of its end; 0 while it is open
                        entries INTEGER NOT NULL,   -- of the history
                        bytes INTEGER NOT NULL,     -- of the history
                        keep_events INTEGER,        -- the retention; null for the standard one
                        keep_bytes INTEGER,
                        keep_millis INTEGER,
                        keep_latest INTEGER,
                        cleared INTEGER NOT NULL,   -- the position of its last removal
                        swept INTEGER NOT NULL,     -- up to here trimmed rows are deleted
                        oldest INTEGER NOT NULL,    -- the time of the oldest entry
                        held INTEGER NOT NULL,      -- the time of the oldest trimmed, still newest
                        due INTEGER NOT NULL        -- when something of it must be trimmed
                    )""",
                    "CREATE INDEX topics_due ON topics (due)",
                    "CREATE INDEX topics_closed ON topics (closed_at) WHERE closed_at > 0",
                    """
                    CREATE TABLE entries (
                        position INTEGER PRIMARY KEY,
                        topic INTEGER NOT NULL,
                        time INTEGER NOT NULL,      -- milliseconds since 1970
                        kind INTEGER NOT NULL,      -- 1 event, 2 put, 3 remove, 4 close, 5 clear
                        key TEXT,
                        id TEXT,
                        row INTEGER NOT NULL,
                        bytes BLOB NOT NULL
                    )""",
                    "CREATE INDEX entries_topic ON entries (topic)",
                    "CREATE INDEX entries_id ON entries (topic, id) WHERE id IS NOT NULL",
                    """
                    CREATE TABLE newest (
                        topic INTEGER NOT NULL,
                        key TEXT NOT NULL,
                        position INTEGER NOT NULL,
                        kind INTEGER NOT NULL,
                        PRIMARY KEY (topic, key)
                    ) WITHOUT ROWID""",
                    "CREATE INDEX newest_position ON newest (topic, position)",
                    "CREATE INDEX newest_events ON newest (topic, position) WHERE kind = 1",
                    """
                    CREATE TABLE repeats (
                        key TEXT PRIMARY KEY,
                        time INTEGER NOT NULL,
                        first INTEGER NOT NULL,
                        count INTEGER NOT NULL
                    ) WITHOUT ROWID""",
                    "CREATE INDEX repeats_time ON repeats (time)",
                    // Written to find out whether there is room again.
                    "CREATE TABLE probe (bytes BLOB)",
                    """
                    CREATE VIEW events AS
                    SELECT e.position,
                        strftime('%Y-%m-%d %H:%M:%f', e.time / 1000.0, 'unixepoch') AS time,
                        t.name AS topic,
                        CASE e.kind WHEN 1 THEN 'event' WHEN 2 THEN 'put' WHEN 3 THEN 'remove'
                            WHEN 4 THEN 'close' ELSE 'clear' END AS kind,
                        e.key,
                        e.id,
                        CAST(e.bytes AS TEXT) AS data
                    FROM entries e JOIN topics t ON t.id = e.topic""");

    /** Makes the tables in an empty file, makes a newer file of an older one, or refuses it. */
    void prepare(Database database, Path file, String namespace) throws SQLException {
        long application = database.number("PRAGMA application_id");
        boolean empty = database.number("SELECT count(*) FROM sqlite_master") == 0;
        if (empty && application == 0) {
            create(database, namespace);
            return;
        }
        int found = (int) database.number("PRAGMA user_version");
        check(file, application, found);
        migrate(database, found);
        checkNamespace(database, file, namespace);
    }

    private void check(Path file, long application, int found) {
        if (application != APPLICATION) {
            throw new StoreException(
                    "store: "
                            + file
                            + " is a database of another program (expected: a file of this store,"
                            + " or none)");
        }
        if (found > version) {
            throw new StoreException(
                    "store: "
                            + file
                            + " has format "
                            + found
                            + " (expected: at most "
                            + version
                            + "; use the newer Microdot that wrote it)");
        }
        if (found < 1) {
            throw new StoreException(
                    "store: " + file + " has format " + found + " (expected: at least 1)");
        }
    }

    private static void checkNamespace(Database database, Path file, String namespace)
            throws SQLException {
        String owner =
                database.query(
                        "SELECT namespace FROM store",
                        rows -> rows.next() ? rows.getString(1) : "");
        if (!owner.equals(namespace)) {
            throw new StoreException(
                    "store: "
                            + file
                            + " has the namespace \""
                            + owner
                            + "\" (expected: \""
                            + namespace
                            + "\", or another file)");
        }
    }

    private void create(Database database, String namespace) throws SQLException {
        // Only in an empty file, and before the journal is a WAL.
        database.execute("PRAGMA auto_vacuum = INCREMENTAL");
        database.execute("PRAGMA journal_mode = WAL");
        database.manualCommit();
        for (String table : TABLES) {
            database.execute(table);
        }
        database.update("INSERT INTO store VALUES (?, 0, 0, 1, '')", namespace);
        for (List<String> migration : migrations) {
            for (String statement : migration) {
                database.execute(statement);
            }
        }
        database.execute("PRAGMA application_id = " + APPLICATION);
        database.execute("PRAGMA user_version = " + version);
        database.commit();
    }

    private void migrate(Database database, int from) throws SQLException {
        database.execute("PRAGMA journal_mode = WAL");
        database.manualCommit();
        for (int step = from; step < version; step++) {
            for (String statement : migrations.get(step - 1)) {
                database.execute(statement);
            }
            database.execute("PRAGMA user_version = " + (step + 1));
        }
        database.commit();
    }
}
