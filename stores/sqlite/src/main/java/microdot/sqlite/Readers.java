package microdot.sqlite;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** The connections of readers: a few, which wait for one another. */
final class Readers {
    private static final int MOST = 4;
    private final Settings settings;
    private final Duration patience;
    private final Deque<Database> free = new ConcurrentLinkedDeque<>();

    /** Fair, so that {@link #pause} gets all of them soon. */
    private final Semaphore permits = new Semaphore(MOST, true);

    private volatile boolean closed;

    /**
     * @param patience how long a read waits for others, and a pause for reads
     */
    Readers(Settings settings, Duration patience) {
        this.settings = settings;
        this.patience = patience;
    }

    /** Something that reads. */
    interface Read<T extends @Nullable Object> {
        T from(Database database) throws SQLException;
    }

    /** Something to be done while nobody reads. */
    interface Work {
        void run() throws SQLException;
    }

    /**
     * Reads.
     *
     * @throws StoreException when the file cannot be read, or the store is closed
     */
    <T extends @Nullable Object> T read(Read<T> read) {
        acquire(1);
        @Nullable Database database = null;
        try {
            if (closed) {
                throw new StoreException("store: closed (expected: a store that is open)");
            }
            database = free.pollFirst();
            if (database == null) {
                database = Database.open(settings.path(), true);
            }
            T result = read.from(database);
            if (!closed) {
                free.addFirst(database);
                database = null;
            }
            return result;
        } catch (SQLException e) {
            throw Failures.ofRead(settings.path(), e);
        } finally {
            discard(database);
            permits.release();
        }
    }

    private static void discard(@Nullable Database database) {
        if (database != null) {
            try {
                database.close();
            } catch (SQLException e) {
                // It had failed before; the reader gets that failure.
            }
        }
    }

    private void acquire(int count) {
        try {
            if (!permits.tryAcquire(count, patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new StoreException(
                        "store: "
                                + settings.path()
                                + " is read by others for "
                                + patience.toSeconds()
                                + " s (expected: a faster disk, or fewer that catch up at once)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store: interrupted while waiting to read");
        }
    }

    /** Does something while nobody reads. */
    void pause(Work work) throws SQLException {
        acquire(MOST);
        try {
            work.run();
        } finally {
            permits.release(MOST);
        }
    }

    /** Waits for the readers, and closes their connections. */
    void close() throws SQLException {
        closed = true; // A reader closes its own connection from now on.
        try {
            pause(() -> {});
        } finally {
            for (Database each = free.poll(); each != null; each = free.poll()) {
                each.close();
            }
        }
    }
}
