package microdot.sqlite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.Page;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;

/** A store that is open, and what its tail was told. */
final class Opening implements Tail, AutoCloseable {
    static final long PATIENCE_SECONDS = 30;

    final SqliteStore store;
    final Opened opened;
    final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    final List<Long> positions = new ArrayList<>();

    Opening(SqliteStore store) {
        this.store = store;
        opened = store.open(this);
    }

    /** More than a test publishes. */
    static final StoreRetention EVERYTHING =
            new StoreRetention(10_000_000, 1L << 40, Duration.ofDays(1), false);

    static Opening at(Path file) {
        return new Opening(SqliteStore.at(file));
    }

    @Override
    public synchronized void appended(List<StoredEntry> batch) {
        batch.forEach(each -> positions.add(each.position()));
    }

    synchronized List<Long> positions() {
        return List.copyOf(positions);
    }

    @Override
    public void begins(StoreEpoch epoch) {
        told.add("begins " + epoch);
    }

    @Override
    public void away(String reason) {
        told.add("away: " + reason);
    }

    @Override
    public void back() {
        told.add("back");
    }

    String awaitTold() throws InterruptedException {
        String next = told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("the tail is told nothing");
        }
        return next;
    }

    long append(String topic, String text) throws Exception {
        return append(Entry.event(topic, null, null, text.getBytes(StandardCharsets.UTF_8)));
    }

    long append(Entry entry) throws Exception {
        try {
            return store.append(Append.of(entry))
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .getFirst();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    List<StoredEntry> all(String topic) {
        return all(store, topic);
    }

    static List<StoredEntry> all(SqliteStore store, String topic) {
        var all = new ArrayList<StoredEntry>();
        Page page;
        long after = 0;
        do {
            page = store.read(topic, after, Long.MAX_VALUE, 1 << 20);
            all.addAll(page.entries());
            after = all.isEmpty() ? after : all.getLast().position();
        } while (page.more());
        return all;
    }

    List<String> texts(String topic) {
        return all(topic).stream()
                .map(each -> new String(each.entry().bytes(), StandardCharsets.UTF_8))
                .toList();
    }

    /** Waits until something is true, and appends meanwhile. */
    void eventually(String what, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not in time: " + what);
            }
            append("filler", "x");
        }
    }

    @Override
    public void close() {
        store.close();
    }

    /** Copies what a process that ends now leaves on the disk. */
    static Path copyAsAfterACrash(Path file, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String suffix : List.of("", "-wal", ".lock")) {
            Path from = file.resolveSibling(file.getFileName() + suffix);
            if (Files.exists(from)) {
                Files.copy(from, folder.resolve(from.getFileName()));
            }
        }
        return folder.resolve(file.getFileName());
    }

    /** Runs a statement by another connection, and returns the first column. */
    static List<String> sql(Path file, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            var found = new ArrayList<String>();
            if (statement.execute(sql)) {
                try (ResultSet rows = statement.getResultSet()) {
                    while (rows.next()) {
                        found.add(rows.getString(1));
                    }
                }
            }
            return found;
        }
    }
}
