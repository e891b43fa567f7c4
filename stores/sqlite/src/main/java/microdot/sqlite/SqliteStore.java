package microdot.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the topics of one application in one SQLite file, so that they survive a restart.
 *
 * <pre>{@code
 * var topics = new Topics(SqliteStore.at(Path.of("events.db")));
 * }</pre>
 *
 * <p>One thread writes; publishers that publish at the same time share one transaction. Other
 * programs can read the file meanwhile: {@code sqlite3 events.db 'select * from events'}. Beside it
 * lie {@code events.db-wal} and {@code events.db-shm}, which belong to it while it is open, and
 * {@code events.db.lock}, which keeps a second process from opening it.
 *
 * <p>A store is immutable until it is opened: each setting returns a changed copy and throws an
 * {@link IllegalArgumentException} that names the value and what was expected.
 *
 * <table>
 * <caption>What it cannot do</caption>
 * <tr><th>Not possible</th><th>Instead</th></tr>
 * <tr><td>{@link EventStore.Limit#ONE_NODE}: several processes on one file</td><td>A second one is
 * refused; for several processes use another store</td></tr>
 * <tr><td>To forget the name of a topic: about 100 bytes stay, so that its last position stays
 * known</td><td>Use few names, or begin a new file</td></tr>
 * <tr><td>A file larger than the disk</td><td>Set {@code keepEvents}, {@code keepBytes} and {@code
 * keepFor} of the topics</td></tr>
 * </table>
 */
public final class SqliteStore implements EventStore {
    private static final Pattern NAMESPACE = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final String A_TOPIC = "the name of a topic";

    /** How long a read waits for others; one page takes milliseconds. */
    private static final Duration READ_PATIENCE = Duration.ofSeconds(30);

    private final Settings settings;
    private final AtomicBoolean opened = new AtomicBoolean();
    private volatile @Nullable Running running;

    /** What there is while the store is open, and after. */
    private record Running(Writer writer, Commits commits, Queries queries) {}

    private SqliteStore(Settings settings) {
        this.settings = settings;
    }

    /**
     * Returns a store in a file, which is made when there is none.
     *
     * @param file in a folder that exists, on a disk of this machine: SQLite does not work on
     *     network file systems
     */
    public static SqliteStore at(Path file) {
        Given.value(file, "file", "a file in a folder that exists");
        if (file.getFileName() == null || file.getFileName().toString().isEmpty()) {
            throw new IllegalArgumentException(
                    "file: \"" + file + "\" (expected: a file in a folder that exists)");
        }
        return new SqliteStore(Settings.at(file));
    }

    /**
     * Returns a copy for an application of this name; default {@code microdot}. A file that was
     * made under another name is refused.
     *
     * @param name 1 to 64 letters, digits, {@code -} and {@code _}
     */
    public SqliteStore namespace(String name) {
        Given.value(name, "namespace", "1 to 64 letters, digits, - and _");
        if (!NAMESPACE.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "namespace: \"" + name + "\" (expected: 1 to 64 letters, digits, - and _)");
        }
        return new SqliteStore(settings.namespace(name));
    }

    /** Returns a copy that forces to the disk at other times; default {@link Durability#always}. */
    public SqliteStore durability(Durability durability) {
        return new SqliteStore(
                settings.durability(
                        Given.value(durability, "durability", "always, every or none")));
    }

    /**
     * Returns a copy with another bound on what waits to be written; default 16,384 appends and 64
     * MiB. Appends beyond it fail at once. One append is taken however large it is. One {@code
     * Topics} never has more than 8,192 appends.
     *
     * @param appends at least 1
     * @param bytes at least 1
     */
    public SqliteStore maxInFlight(int appends, long bytes) {
        if (appends < 1 || bytes < 1) {
            throw new IllegalArgumentException(
                    "maxInFlight: "
                            + appends
                            + " appends, "
                            + bytes
                            + " bytes (expected: at least 1 of each)");
        }
        return new SqliteStore(settings.maxInFlight(appends, bytes));
    }

    /** For tests. */
    SqliteStore clock(InstantSource clock) {
        return new SqliteStore(settings.clock(clock));
    }

    /** For tests of migrations. */
    SqliteStore format(Format format) {
        return new SqliteStore(settings.format(format));
    }

    /** For tests of a full disk. */
    SqliteStore maxPages(long pages) {
        return new SqliteStore(settings.maxPages(pages));
    }

    @Override
    public Opened open(Tail tail) {
        Given.value(tail, "tail", "what gets the entries");
        if (!opened.compareAndSet(false, true)) {
            throw new StoreException("store: opened already (expected: one Topics for each)");
        }
        boolean works = false;
        try {
            Opened found = start(tail);
            works = true;
            return found;
        } finally {
            if (!works) {
                opened.set(false); // It may work later.
            }
        }
    }

    private Opened start(Tail tail) {
        OpenFile file = OpenFile.open(settings);
        boolean started = false;
        try {
            Opened found = file.opened();
            var readers = new Readers(settings, READ_PATIENCE);
            var commits = new Commits(settings, file, tail, readers);
            var writer = new Writer(settings, commits);
            running = new Running(writer, commits, new Queries(readers));
            writer.start();
            started = true;
            return found;
        } catch (SQLException e) {
            throw Failures.ofRead(settings.path(), e);
        } finally {
            if (!started) {
                file.abandon(); // It may work later, and needs the lock then.
            }
        }
    }

    private Running running() {
        Running now = running;
        if (now == null) {
            throw new StoreException("store: not open (expected: open, and not yet closed)");
        }
        return now;
    }

    @Override
    public CompletionStage<List<Long>> append(Append append) {
        Given.value(append, "append", "what to append");
        Running now = running;
        return now == null
                ? CompletableFuture.failedFuture(Writer.closed())
                : now.writer.append(append);
    }

    @Override
    public Page read(String topic, long after, long upTo, int maxBytes) {
        Given.value(topic, "topic", A_TOPIC);
        return running().queries.read(topic, after, upTo, maxBytes);
    }

    @Override
    public Page latest(String topic, long after, int maxBytes) {
        Given.value(topic, "topic", A_TOPIC);
        return running().queries.latest(topic, after, maxBytes);
    }

    @Override
    public Kept kept(String topic) {
        Given.value(topic, "topic", A_TOPIC);
        return running().queries.kept(topic);
    }

    @Override
    public OptionalLong find(String topic, String id) {
        Given.value(topic, "topic", A_TOPIC);
        Given.value(id, "id", "an id");
        return running().queries.find(topic, id);
    }

    @Override
    public long head() {
        return running().commits.head();
    }

    @Override
    public void retain(String topic, StoreRetention retention) {
        Given.value(topic, "topic", A_TOPIC);
        Given.value(retention, "retention", "what is kept");
        running().writer.retain(topic, retention);
    }

    @Override
    public Set<Limit> limits() {
        return Set.of(Limit.ONE_NODE);
    }

    /** Writes what waits, and closes the file; waits for at most a minute. */
    @Override
    public void close() {
        Running now = running;
        if (now != null) {
            try {
                now.writer.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns the file. */
    @Override
    public String toString() {
        return "SqliteStore[" + settings.path() + "]";
    }
}
