package microdot.sqlite;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;

/** The transactions of the writer, and what it does between them. Confined to the writer. */
final class Commits {
    /** How often trimming and the journal are looked at. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final System.Logger LOG = System.getLogger("microdot.sqlite");

    /** A longer journal waits until nobody reads, and is copied into the file. */
    private static final long LONG_JOURNAL = 64L << 20;

    private static final int VACUUM_PAGES = 512;
    private static final int PROBE_BYTES = 64 << 10;

    private final Settings settings;
    private final OpenFile file;
    private final Tail tail;
    private final Readers readers;
    private final TopicStates topics = new TopicStates();
    private final Appender appender;
    private final Trimmer trimmer;
    private final Path journal;
    private volatile long head;
    private long ticked = System.nanoTime();
    private long forced = ticked;
    private long emptied = ticked;
    private boolean unforced;
    private boolean remembered = true;
    private boolean away;

    Commits(Settings settings, OpenFile file, Tail tail, Readers readers) {
        this.settings = settings;
        this.file = file;
        this.tail = tail;
        this.readers = readers;
        appender = new Appender(topics, settings.clock(), file.next());
        trimmer = new Trimmer(topics, settings.clock());
        journal = settings.path().resolveSibling(settings.path().getFileName() + "-wal");
        head = file.head();
    }

    /** May be called by any thread. */
    long head() {
        return head;
    }

    /** Part of a transaction. */
    private interface Work {
        void run(Database database) throws SQLException;
    }

    /**
     * Commits appends as one transaction, and gives them to the tail.
     *
     * @throws StoreException when nothing was committed
     */
    void write(List<Pending> appends, List<Map.Entry<String, StoreRetention>> retentions) {
        List<StoredEntry> batch = new ArrayList<>();
        if (away && System.nanoTime() - emptied > TICK_NANOS) {
            emptyJournal(); // The first room that there is, is best used for that.
        }
        transaction(
                database -> {
                    batch.clear();
                    for (Map.Entry<String, StoreRetention> each : retentions) {
                        topics.retain(database, each.getKey(), each.getValue());
                    }
                    batch.addAll(appender.append(database, appends));
                    trimmer.trimLargest(database, batch.size());
                });
        if (!batch.isEmpty()) {
            back();
            head = batch.getLast().position();
            unforced = true;
            remembered = false;
            callTail(() -> tail.appended(batch));
        }
    }

    private void transaction(Work work) {
        try {
            run(work);
        } catch (Failed first) {
            if (!Failures.isFull(first.cause) || !emptyJournal()) {
                throw away(first);
            }
            try {
                run(work); // There may be room now.
            } catch (Failed second) {
                throw away(second);
            }
        }
        topics.shrink();
    }

    /** A transaction that was not committed. */
    private static final class Failed extends Exception {
        private static final long serialVersionUID = 1L;

        final SQLException cause;
        final boolean committing;

        Failed(SQLException cause, boolean committing) {
            super(cause);
            this.cause = cause;
            this.committing = committing;
        }
    }

    private void run(Work work) throws Failed {
        boolean committing = false;
        try {
            Database database = file.database();
            if (file.isReopened()) {
                recover(database);
                file.recovered();
            }
            work.run(database);
            topics.save(database);
            committing = true;
            database.commit();
        } catch (SQLException e) {
            topics.forget();
            file.undo(Failures.isIoError(e));
            throw new Failed(e, committing);
        } catch (RuntimeException | Error e) {
            topics.forget();
            file.undo(true); // Half of the work must not be committed with the next one.
            throw e;
        }
    }

    /** A commit that failed may be in the file after all: its entries are not lost in silence. */
    private void recover(Database database) throws SQLException {
        List<StoredEntry> found = Queries.after(database, head);
        if (!found.isEmpty()) {
            head = found.getLast().position();
            appender.follows(head);
            callTail(() -> tail.appended(found));
        }
    }

    /** Copies the journal into the file, and returns whether there is room where it was. */
    private boolean emptyJournal() {
        emptied = System.nanoTime();
        try {
            long before = length(journal);
            checkpoint();
            return length(journal) < before;
        } catch (SQLException | IOException | StoreException e) {
            return false; // The disk is full for that too.
        }
    }

    private static long length(Path path) throws IOException {
        return Files.exists(path) ? Files.size(path) : 0;
    }

    /** Another program that reads is not waited for. */
    private void checkpoint() throws SQLException {
        readers.pause(
                () ->
                        file.database()
                                .outside(
                                        "PRAGMA busy_timeout = 0",
                                        "PRAGMA wal_checkpoint(TRUNCATE)",
                                        "PRAGMA busy_timeout = " + Database.BUSY_MILLIS));
    }

    private StoreException away(Failed failed) {
        StoreException failure = Failures.ofWrite(settings.path(), failed.cause, failed.committing);
        if (!away) {
            away = true;
            LOG.log(Level.ERROR, failure.getMessage());
            callTail(() -> tail.away(String.valueOf(failure.getMessage())));
        }
        return failure;
    }

    private void back() {
        if (away) {
            away = false;
            LOG.log(Level.INFO, "store: " + settings.path() + " can be written again");
            callTail(tail::back);
        }
    }

    private static void callTail(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "store: a tail has failed", e);
        }
    }

    /**
     * Forces to the disk, trims, shortens the file and the journal, when it is time.
     *
     * @param busy whether appends wait
     * @return whether there is more to do at once
     */
    boolean tick(boolean busy) {
        long now = System.nanoTime();
        try {
            force(now);
            if (now - ticked < TICK_NANOS) {
                return false;
            }
            var more = new boolean[1];
            // When the disk is full, this may be what makes room.
            transaction(
                    database -> {
                        more[0] = trimmer.trimDue(database);
                        appender.forgetRepeats(database);
                    });
            if (away) {
                emptyJournal();
                probe();
            }
            // While appends wait, a slice at each tick.
            more[0] |= shorten() && !busy;
            limitJournal();
            if (!more[0]) {
                ticked = now;
                remember();
            }
            return more[0];
        } catch (StoreException e) {
            ticked = now; // Told already; tried again after some time.
            return false;
        } catch (SQLException | IOException | RuntimeException | Error e) {
            ticked = now;
            file.undo(true);
            LOG.log(Level.WARNING, "store: " + settings.path() + " cannot be trimmed", e);
            return false;
        }
    }

    private static void touch(Database database) throws SQLException {
        database.update("UPDATE store SET running = 1");
    }

    /** Returns how long the writer may wait before the next {@link #tick}. */
    long waitNanos() {
        long period = settings.durability().period().toNanos();
        return period > 0 && unforced ? Math.min(TICK_NANOS, period) : TICK_NANOS;
    }

    /** With {@link Durability#every}, a commit of its own forces everything before. */
    private void force(long now) throws SQLException {
        long period = settings.durability().period().toNanos();
        if (period > 0 && unforced && now - forced >= period) {
            file.database().outside("PRAGMA synchronous = FULL");
            try {
                transaction(Commits::touch);
            } finally {
                file.database().outside("PRAGMA synchronous = NORMAL");
            }
            forced = now;
            unforced = false;
        }
    }

    /** Finds out whether there is room. */
    private void probe() {
        transaction(
                database -> database.update("INSERT INTO probe VALUES (zeroblob(?))", PROBE_BYTES));
        transaction(database -> database.update("DELETE FROM probe"));
        back();
    }

    /** Gives a part of the free pages back to the system, when there are many. */
    private boolean shorten() throws SQLException {
        Database database = file.database();
        long free = database.number("PRAGMA freelist_count");
        if (free < VACUUM_PAGES || free * 8 < database.number("PRAGMA page_count")) {
            return false;
        }
        transaction(each -> each.execute("PRAGMA incremental_vacuum(" + VACUUM_PAGES + ")"));
        return true;
    }

    /** Readers that follow one another without a pause would let the journal grow for ever. */
    private void limitJournal() throws SQLException, IOException {
        if (length(journal) > LONG_JOURNAL) {
            checkpoint();
        }
    }

    private void remember() throws IOException {
        if (!remembered) {
            file.remember(head);
            remembered = true;
        }
    }

    /** Closes the file, so that the next process finds it whole. */
    void end() {
        try {
            try {
                readers.close();
            } finally {
                file.close(head); // Its lock is given back, also when somebody reads.
            }
        } catch (SQLException | IOException | StoreException e) {
            LOG.log(Level.WARNING, "store: " + settings.path() + " cannot be closed", e);
        }
    }
}
