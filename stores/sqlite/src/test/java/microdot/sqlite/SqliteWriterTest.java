package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bounds of the writer, a full disk, tails that fail, and settings. */
@Timeout(120)
class SqliteWriterTest {
    @TempDir Path folder;
    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("events.db");
    }

    /** A store whose tail waits in its first call, so that the writer does. */
    private static final class Stopped implements AutoCloseable {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        final SqliteStore store;

        Stopped(SqliteStore store) throws Exception {
            this.store = store;
            store.open(
                    new Silent() {
                        @Override
                        public void appended(List<StoredEntry> batch) {
                            inside.countDown();
                            try {
                                go.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }
                    });
            store.append(append(10));
            inside.await();
        }

        @Override
        public void close() {
            go.countDown();
            store.close();
        }
    }

    /** As after a commit whose sync has failed, and whose journal is read again. */
    @Test
    void commitThatSeemedToFailReachesTheTailWhenTheFileHasIt() throws Exception {
        var fails = new AtomicBoolean();
        var tail = new ArrayList<StoredEntry>();
        InstantSource clock =
                () -> {
                    if (fails.getAndSet(false)) {
                        throw new IllegalStateException("the transaction fails");
                    }
                    return Instant.EPOCH;
                };
        try (SqliteStore store = SqliteStore.at(file).clock(clock)) {
            store.open(
                    new Silent() {
                        @Override
                        public void appended(List<StoredEntry> batch) {
                            tail.addAll(batch);
                        }
                    });
            long first = store.append(append(1)).toCompletableFuture().get().getFirst();
            try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
                    Statement statement = other.createStatement()) {
                statement.executeUpdate(
                        "INSERT INTO entries SELECT position + 1, topic, time, kind, key, id, row,"
                                + " bytes FROM entries");
            }
            fails.set(true);
            failure(store.append(append(2)).toCompletableFuture());
            long last = store.append(append(3)).toCompletableFuture().get().getFirst();
            assertEquals(first + 2, last);
            assertEquals(
                    List.of(first, first + 1, last),
                    tail.stream().map(StoredEntry::position).toList());
        }
    }

    private static Append append(int bytes) {
        return Append.of(Entry.event("a", null, null, new byte[bytes]));
    }

    private static StoreException failure(CompletableFuture<?> future) throws Exception {
        var failure =
                assertThrows(ExecutionException.class, () -> future.get(60, TimeUnit.SECONDS));
        return assertInstanceOf(StoreException.class, failure.getCause());
    }

    private static String text(StoreException failure) {
        return String.valueOf(failure.getMessage());
    }

    @Test
    void appendsBeyondTheirNumberFailAtOnce() throws Exception {
        try (var stopped = new Stopped(SqliteStore.at(file).maxInFlight(5, 1 << 20))) {
            List<CompletableFuture<List<Long>>> waiting = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiting.add(stopped.store.append(append(1)).toCompletableFuture());
            }
            var beyond = stopped.store.append(append(1)).toCompletableFuture();
            assertTrue(beyond.isCompletedExceptionally());
            StoreException failure = failure(beyond);
            assertTrue(text(failure).contains("5 appends wait"), text(failure));
            assertFalse(failure.isUnknown());
            stopped.go.countDown();
            for (var each : waiting) {
                each.get(60, TimeUnit.SECONDS);
            }
            stopped.store.append(append(1)).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertEquals(6, stopped.store.read("a", 0, Long.MAX_VALUE, 1000).entries().size());
        }
    }

    @Test
    void appendsBeyondTheirBytesFailAtOnce() throws Exception {
        try (var stopped = new Stopped(SqliteStore.at(file).maxInFlight(1000, 10_000))) {
            var first = stopped.store.append(append(7000)).toCompletableFuture();
            StoreException failure =
                    failure(stopped.store.append(append(7000)).toCompletableFuture());
            assertTrue(text(failure).contains("10000 bytes wait"), text(failure));
            stopped.go.countDown();
            first.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void appendThatIsLargerThanTheBoundIsTakenAlone() throws Exception {
        try (Opening open = new Opening(SqliteStore.at(file).maxInFlight(10, 100))) {
            open.append(Entry.event("a", null, null, new byte[100_000]));
            open.append(Entry.event("a", null, null, new byte[100_000]));
        }
    }

    @Test
    void whatWaitsIsOneTransaction() throws Exception {
        try (var stopped = new Stopped(SqliteStore.at(file))) {
            for (int i = 0; i < 500; i++) {
                stopped.store.append(append(10));
            }
            var last = stopped.store.append(append(10)).toCompletableFuture();
            long before = Files.size(folder.resolve("events.db-wal"));
            stopped.go.countDown();
            last.get(60, TimeUnit.SECONDS);
            long grown = Files.size(folder.resolve("events.db-wal")) - before;
            assertTrue(grown < 100 * 4096, "the journal has grown by " + grown + " bytes");
        }
    }

    @Test
    void tailThatFailsDoesNotStopTheStore() throws Exception {
        try (SqliteStore store = SqliteStore.at(file)) {
            store.open(
                    new Silent() {
                        @Override
                        public void appended(List<StoredEntry> batch) {
                            throw new IllegalStateException("a fault of the tail");
                        }
                    });
            for (int i = 0; i < 3; i++) {
                store.append(append(1)).toCompletableFuture().get(60, TimeUnit.SECONDS);
            }
            assertEquals(3, store.read("a", 0, Long.MAX_VALUE, 1000).entries().size());
        }
    }

    @Test
    void fullDiskFailsAppendsUntilThereIsRoom() throws Exception {
        var acknowledged = new ArrayList<Long>();
        try (Opening open = new Opening(SqliteStore.at(file).maxPages(200))) {
            StoreException failure =
                    assertThrows(
                            StoreException.class,
                            () -> {
                                for (int i = 0; i < 10_000; i++) {
                                    acknowledged.add(
                                            open.append(
                                                    Entry.event("a", null, null, new byte[3000])));
                                }
                            });
            assertTrue(text(failure).contains("no room on the disk"), text(failure));
            assertFalse(failure.isUnknown());
            assertTrue(open.awaitTold().startsWith("away: store: no room on the disk"));
            assertThrows(
                    StoreException.class,
                    () -> open.append(Entry.event("a", null, null, new byte[300_000])));
            assertTrue(acknowledged.size() > 50);
            assertEquals(
                    acknowledged,
                    open.all("a").stream().map(StoredEntry::position).toList(),
                    "what was acknowledged is there");
            assertEquals(acknowledged, open.positions());
            open.store.retain("a", new StoreRetention(10, 1 << 30, Duration.ofDays(1), false));
            String told = open.awaitTold();
            while (told.startsWith("away")) {
                told = open.awaitTold(); // A try in between has failed again.
            }
            assertEquals("back", told);
            open.eventually("trimmed", () -> open.all("a").size() == 10);
            long next = open.append(Entry.event("a", null, null, new byte[3000]));
            assertTrue(next > acknowledged.getLast());
        }
        try (Opening again = Opening.at(file)) {
            assertEquals(1, again.opened.epochs().size());
        }
    }

    @Test
    void programThatWritesIsNamed() throws Exception {
        try (Opening open = Opening.at(file);
                Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = other.createStatement()) {
            open.append("a", "1");
            statement.execute("BEGIN IMMEDIATE");
            StoreException failure =
                    assertThrows(StoreException.class, () -> open.append("a", "2"));
            assertTrue(text(failure).contains("another program writes"));
            assertTrue(open.awaitTold().startsWith("away: "));
            statement.execute("ROLLBACK");
            assertEquals("back", open.awaitTold());
            open.append("a", "3");
            assertEquals(List.of("1", "3"), open.texts("a"));
        }
    }

    @Test
    void journalIsShortAgainAfterALongReader() throws Exception {
        Path journal = folder.resolve("events.db-wal");
        try (Opening open = new Opening(SqliteStore.at(file).durability(Durability.none()))) {
            try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
                    Statement statement = other.createStatement()) {
                open.append("a", "1");
                statement.execute("BEGIN");
                statement.executeQuery("SELECT * FROM entries").next();
                for (int i = 0; i < 80; i++) {
                    open.append(Entry.event("a", null, null, new byte[1 << 20]));
                }
                assertTrue(Files.size(journal) > 64 << 20, "a reader keeps the journal");
            }
            open.eventually(
                    "a short journal",
                    () -> {
                        try {
                            return Files.size(journal) <= 16 << 20;
                        } catch (java.io.IOException e) {
                            throw new AssertionError(e);
                        }
                    });
        }
    }

    @Test
    void settingsAreCheckedAndDoNotChangeTheStoreBefore() throws Exception {
        SqliteStore store = SqliteStore.at(file);
        store.namespace("other");
        store.maxInFlight(1, 1);
        assertThrows(IllegalArgumentException.class, () -> store.namespace("a b"));
        assertThrows(IllegalArgumentException.class, () -> store.namespace(""));
        assertThrows(IllegalArgumentException.class, () -> store.namespace("x".repeat(65)));
        assertThrows(IllegalArgumentException.class, () -> store.maxInFlight(0, 1));
        assertThrows(IllegalArgumentException.class, () -> store.maxInFlight(1, 0));
        assertThrows(IllegalArgumentException.class, () -> Durability.every(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> Durability.every(Duration.ofDays(1)));
        assertThrows(IllegalArgumentException.class, () -> SqliteStore.at(Path.of("/")));
        try (Opening open = new Opening(store)) {
            open.append("a", "1");
        }
        assertEquals(List.of("microdot"), Opening.sql(file, "SELECT namespace FROM store"));
    }
}
