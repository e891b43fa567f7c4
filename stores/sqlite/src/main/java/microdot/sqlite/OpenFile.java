package microdot.sqlite;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;

/** The file while it is open for writing: its lock, its connection, and how it begins and ends. */
final class OpenFile {
    /** A new epoch begins at least this far after the end of the one before. */
    static final long JUMP = 1L << 32;

    private static final int JOURNAL_PAGES = 4000;

    private final Settings settings;
    private final StoreLock lock;
    private final String opening = StoreEpoch.newName();
    private Database database;
    private boolean broken;
    private boolean reopened;
    private List<StoreEpoch> epochs = List.of();
    private long head;

    private OpenFile(Settings settings, StoreLock lock) throws SQLException {
        this.settings = settings;
        this.lock = lock;
        database = Database.open(settings.path(), false);
    }

    /**
     * Opens the file.
     *
     * @throws StoreException when it is in use, damaged, or not a file of this store
     */
    static OpenFile open(Settings settings) {
        StoreLock lock = StoreLock.take(settings.path());
        try {
            var file = new OpenFile(settings, lock);
            try {
                file.begin();
                return file;
            } catch (Throwable e) {
                file.database.close();
                throw e;
            }
        } catch (SQLException e) {
            release(lock, e);
            throw Failures.isDamage(e)
                    ? notOurs(settings, e)
                    : Failures.ofWrite(settings.path(), e, false);
        } catch (IOException e) {
            release(lock, e);
            throw new StoreException(
                    "store: "
                            + settings.path()
                            + ".lock cannot be written: "
                            + e
                            + " (expected: a writable file)",
                    false,
                    e);
        } catch (Throwable e) {
            release(lock, e);
            throw e;
        }
    }

    private static StoreException notOurs(Settings settings, SQLException e) {
        return new StoreException(
                Failures.damage(settings.path(), e.getMessage() + ", or it is another file"),
                false,
                e);
    }

    private static void release(StoreLock lock, Throwable cause) {
        try {
            lock.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** What the file says about the last time it was open. */
    private record Before(long head, boolean running, boolean always, String opening) {}

    private void begin() throws SQLException, IOException {
        settings.format().prepare(database, settings.path(), settings.namespace());
        Before before =
                database.query(
                        "SELECT head, running, always, opening FROM store",
                        rows -> {
                            rows.next();
                            return new Before(
                                    rows.getLong(1),
                                    rows.getInt(2) == 1,
                                    rows.getInt(3) == 1,
                                    rows.getString(4));
                        });
        if (before.running) {
            check();
        }
        setUp();
        head = before.head;
        epochs =
                database.query(
                        "SELECT name, previous_end, first FROM epochs ORDER BY number",
                        OpenFile::epochs);
        StoreLock.Memory memory = lock.memory();
        boolean fresh = before.opening.isEmpty();
        boolean replaced = !memory.knows(before.opening) || memory.head() > head;
        boolean lost = before.running && !before.always;
        lock.remember(new StoreLock.Memory(opening, before.opening, head), true);
        // Above everything that clients may have of a file that was deleted or replaced.
        long now = StoreEpoch.positionAt(settings.clock().instant());
        if (fresh) {
            add(new StoreEpoch(StoreEpoch.newName(), 0, Math.max(memory.head(), now) + 1));
        } else if (replaced || lost) {
            long end = Math.max(Math.max(head, memory.head()), next() - 1);
            add(new StoreEpoch(StoreEpoch.newName(), head, Math.max(end + JUMP, now + 1)));
        }
        database.update(
                "UPDATE store SET running = 1, always = ?, opening = ?",
                settings.durability().isAlways() ? 1 : 0,
                opening);
        database.commit();
        lock.remember(new StoreLock.Memory(opening, "", head), true);
    }

    private void check() throws SQLException {
        String finding =
                database.query(
                        "PRAGMA quick_check(1)",
                        rows -> rows.next() ? rows.getString(1) : "no answer");
        if (!finding.equals("ok")) {
            throw new StoreException(Failures.damage(settings.path(), finding));
        }
    }

    /** Sets what belongs to the connection. */
    private void setUp() throws SQLException {
        database.manualCommit();
        database.outside(
                "PRAGMA synchronous = FULL",
                "PRAGMA wal_autocheckpoint = " + JOURNAL_PAGES,
                "PRAGMA journal_size_limit = " + (16 << 20),
                "PRAGMA cache_size = -16000",
                "PRAGMA temp_store = MEMORY");
        if (settings.maxPages() > 0) {
            database.outside("PRAGMA max_page_count = " + settings.maxPages());
        }
    }

    private void add(StoreEpoch epoch) throws SQLException {
        database.update(
                "INSERT INTO epochs (name, previous_end, first) VALUES (?, ?, ?)",
                epoch.name(),
                epoch.previousEnd(),
                epoch.first());
        var all = new ArrayList<>(epochs);
        all.add(epoch);
        epochs = List.copyOf(all);
    }

    private static List<StoreEpoch> epochs(ResultSet rows) throws SQLException {
        var all = new ArrayList<StoreEpoch>();
        while (rows.next()) {
            all.add(new StoreEpoch(rows.getString(1), rows.getLong(2), rows.getLong(3)));
        }
        return all;
    }

    /** Returns what a node is told when it opens the file. */
    Opened opened() throws SQLException {
        List<StoredEntry> ends =
                database.query(
                        "SELECT e.position, e.time, t.name FROM topics t JOIN entries e"
                                + " ON e.position = t.closed_at WHERE t.closed_at > 0"
                                + " ORDER BY e.position",
                        rows -> {
                            var all = new ArrayList<StoredEntry>();
                            while (rows.next()) {
                                all.add(
                                        new StoredEntry(
                                                rows.getLong(1),
                                                rows.getLong(2),
                                                Entry.close(rows.getString(3))));
                            }
                            return all;
                        });
        if (!settings.durability().isAlways()) {
            database.outside("PRAGMA synchronous = NORMAL");
        }
        return new Opened(epochs, head, ends);
    }

    long head() {
        return head;
    }

    /** Returns the position of the next entry. */
    long next() {
        return epochs.isEmpty() ? head + 1 : Math.max(head + 1, epochs.getLast().first());
    }

    /** Returns the connection, a new one when the one before is not to be trusted. */
    Database database() throws SQLException {
        if (broken) {
            reopen();
            broken = false;
        }
        return database;
    }

    /**
     * Forgets the open transaction.
     *
     * @param again whether the connection is not to be trusted any more
     */
    void undo(boolean again) {
        if (again) {
            broken = true;
            return;
        }
        try {
            database.rollback();
        } catch (SQLException e) {
            broken = true; // The failure before is the one that tells what is wrong.
        }
    }

    /** Returns whether the connection is a new one, and what it shows was not looked at yet. */
    boolean isReopened() {
        return reopened;
    }

    /** What the new connection shows is known. */
    void recovered() {
        reopened = false;
    }

    private void reopen() throws SQLException {
        reopened = true;
        database.close();
        database = Database.open(settings.path(), false);
        setUp();
        if (!settings.durability().isAlways()) {
            database.outside("PRAGMA synchronous = NORMAL");
        }
    }

    /** Remembers outside of the file that it had a position. */
    void remember(long position) throws IOException {
        lock.remember(new StoreLock.Memory(opening, "", position), false);
    }

    /** Gives the lock back, and leaves the file as after a crash. */
    void abandon() {
        try (lock) {
            database.close();
        } catch (SQLException | IOException e) {
            // The failure before is the one that tells what is wrong.
        }
    }

    /** Closes the file. */
    void close(long position) throws SQLException, IOException {
        try (lock) {
            try {
                Database last = database();
                last.outside("PRAGMA synchronous = FULL");
                last.update("UPDATE store SET running = 0");
                last.commit();
                last.outside("PRAGMA wal_checkpoint(TRUNCATE)");
                lock.remember(new StoreLock.Memory(opening, "", position), true);
            } finally {
                database.close();
            }
        }
    }
}
