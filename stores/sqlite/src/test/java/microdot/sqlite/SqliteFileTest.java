package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which files are opened, and which are refused with what to do. */
@Timeout(120)
class SqliteFileTest {
    @TempDir Path folder;
    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("events.db");
    }

    private String refusal(SqliteStore store) {
        String text = String.valueOf(refused(store).getMessage());
        assertTrue(text.startsWith("store: "), text);
        return text;
    }

    private static StoreException refused(SqliteStore store) {
        return assertThrows(StoreException.class, () -> new Opening(store));
    }

    private void write(String... texts) throws Exception {
        try (Opening open = Opening.at(file)) {
            for (String text : texts) {
                open.append("a", text);
            }
        }
    }

    @Test
    void secondStoreOfTheProcessIsRefused() throws Exception {
        try (Opening first = Opening.at(file)) {
            assertTrue(refusal(SqliteStore.at(file)).contains("open in this process already"));
            Path link = Files.createSymbolicLink(folder.resolve("link.db"), file);
            assertTrue(refusal(SqliteStore.at(link)).contains("open in this process already"));
            first.append("a", "works");
        }
        write("again");
    }

    @Test
    void secondProcessIsRefused() throws Exception {
        Process other = Child.start(HoldingProcess.class, file.toString());
        try {
            assertEquals("open", Child.line(other));
            assertTrue(refusal(SqliteStore.at(file)).contains("in use by another process"));
        } finally {
            other.destroyForcibly();
        }
        assertTrue(other.waitFor(60, TimeUnit.SECONDS));
        write("works");
    }

    @Test
    void otherProgramsCanReadMeanwhile() throws Exception {
        try (Opening open = Opening.at(file)) {
            long first = open.append("orders", "data: 1\n\n");
            long second = open.append("orders", "data: 2\n\n");
            assertEquals(
                    List.of(
                            first + " orders event data: 1\n\n",
                            second + " orders event data: 2\n\n"),
                    Opening.sql(
                            file,
                            "SELECT position || ' ' || topic || ' ' || kind || ' ' || data"
                                    + " FROM events ORDER BY position"));
            open.append("orders", "data: 3\n\n");
            assertEquals(List.of("3"), Opening.sql(file, "SELECT count(*) FROM events"));
        }
    }

    @Test
    void storeThatWasRefusedCanBeOpenedLater() throws Exception {
        SqliteStore store = SqliteStore.at(file);
        try (Opening first = Opening.at(file)) {
            refused(store);
            first.append("a", "1");
        }
        try (Opening second = new Opening(store)) {
            assertEquals(List.of("1"), second.texts("a"));
        }
    }

    @Test
    void fileOfAnotherNamespaceIsRefused() throws Exception {
        write("1");
        String text = refusal(SqliteStore.at(file).namespace("other"));
        assertTrue(text.contains("namespace \"microdot\" (expected: \"other\""), text);
        write("2");
    }

    @Test
    void newerFormatIsRefused() throws Exception {
        write("1");
        Opening.sql(file, "PRAGMA user_version = 2");
        String text = refusal(SqliteStore.at(file));
        assertTrue(text.contains("has format 2 (expected: at most 1"), text);
    }

    @Test
    void olderFormatIsMigrated() throws Exception {
        write("1", "2");
        var second =
                new Format(
                        2,
                        List.of(
                                List.of(
                                        "ALTER TABLE topics ADD COLUMN note TEXT",
                                        "UPDATE topics SET note = 'of ' || name")));
        try (Opening open = new Opening(SqliteStore.at(file).format(second))) {
            assertEquals(List.of("1", "2"), open.texts("a"));
            assertEquals(1, open.opened.epochs().size());
            open.append("a", "3");
        }
        assertEquals(List.of("of a"), Opening.sql(file, "SELECT note FROM topics"));
        assertEquals(List.of("2"), Opening.sql(file, "PRAGMA user_version"));
        assertTrue(refusal(SqliteStore.at(file)).contains("has format 2"));
    }

    @Test
    void migrationThatFailsChangesNothing() throws Exception {
        write("1");
        var wrong =
                new Format(
                        2,
                        List.of(
                                List.of(
                                        "ALTER TABLE topics ADD COLUMN note TEXT",
                                        "UPDATE nonsense SET note = 1")));
        refused(SqliteStore.at(file).format(wrong));
        assertEquals(List.of("1"), Opening.sql(file, "PRAGMA user_version"));
        write("2");
        assertEquals(
                List.of(),
                Opening.sql(
                        file,
                        "SELECT 1 FROM pragma_table_info('topics')" + " WHERE name = 'note'"));
    }

    @Test
    void databaseOfAnotherProgramIsRefusedAndLeftAlone() throws Exception {
        Opening.sql(file, "CREATE TABLE people (name TEXT)");
        byte[] before = Files.readAllBytes(file);
        assertTrue(refusal(SqliteStore.at(file)).contains("database of another program"));
        assertArrayEquals(before, Files.readAllBytes(file));
    }

    @Test
    void fileThatIsNoDatabaseIsRefused() throws Exception {
        Files.writeString(file, "not a database, but a text that is long enough ".repeat(100));
        String text = refusal(SqliteStore.at(file));
        assertTrue(text.contains("is damaged") && text.contains("or it is another file"), text);
    }

    @Test
    void folderThatDoesNotExistIsNamed() {
        String text = refusal(SqliteStore.at(folder.resolve("none").resolve("events.db")));
        assertTrue(text.contains("(expected: a file in a folder that exists)"), text);
    }

    @Test
    void damagedFileIsNamedAfterAnUncleanStop() throws Exception {
        Path crashed;
        try (Opening open = Opening.at(file)) {
            open.store.retain("a", Opening.EVERYTHING);
            for (int i = 0; i < 2000; i++) {
                open.store.append(Append.of(Entry.event("a", null, null, new byte[1000])));
            }
            open.append("a", "last");
            Opening.sql(file, "PRAGMA wal_checkpoint(PASSIVE)");
            crashed = Opening.copyAsAfterACrash(file, folder.resolve("crashed"));
        }
        try (var bytes = new RandomAccessFile(crashed.toFile(), "rw")) {
            for (long page = 10; page < 200; page += 7) {
                bytes.seek(page * 4096);
                bytes.write(new byte[4096]);
            }
        }
        Files.delete(crashed.resolveSibling("events.db-wal"));
        String text = refusal(SqliteStore.at(crashed));
        assertTrue(text.contains("is damaged: "), text);
        assertTrue(text.contains("sqlite3 events.db .recover"), text);
    }

    @Test
    void fileShrinksWhenTopicsKeepLess() throws Exception {
        try (Opening open = Opening.at(file)) {
            open.store.retain("a", Opening.EVERYTHING);
            for (int i = 0; i < 3000; i++) {
                open.store.append(Append.of(Entry.event("a", null, null, new byte[4000])));
            }
            open.append("a", "last");
            long pages = Long.parseLong(Opening.sql(file, "PRAGMA page_count").getFirst());
            assertTrue(pages > 3000, pages + " pages");
            open.store.retain("a", new StoreRetention(10, 1 << 30, Duration.ofDays(1), false));
            open.eventually(
                    "few pages",
                    () -> {
                        try {
                            return Long.parseLong(Opening.sql(file, "PRAGMA page_count").getFirst())
                                    < 1000;
                        } catch (SQLException e) {
                            throw new AssertionError(e);
                        }
                    });
            assertTrue(open.all("a").size() <= 10);
        }
        assertTrue(Files.size(file) < 1000 * 4096, Files.size(file) + " bytes");
    }

    @Test
    void topicWithoutARetentionKeepsTheStandardOne() throws Exception {
        try (Opening open = Opening.at(file)) {
            for (int i = 0; i < 1500; i++) {
                open.store.append(Append.of(Entry.event("a", null, null, new byte[10])));
            }
            open.append("a", "last");
        }
        try (Opening open = Opening.at(file)) {
            open.eventually("trimmed", () -> open.all("a").size() == 1024);
        }
    }

    @Test
    void removalOfALargeTopicIsSwept() throws Exception {
        try (Opening open = Opening.at(file)) {
            open.store.retain("a", new StoreRetention(100, 1 << 30, Duration.ofDays(1), true));
            for (int i = 0; i < 5000; i++) {
                open.store.append(Append.of(Entry.put("a", "key" + i, new byte[100])));
            }
            open.append("a", "last");
            open.append(Entry.clear("a"));
            assertEquals(1, open.all("a").size());
            assertEquals(0, open.store.latest("a", 0, 1 << 20).entries().size());
            open.append(Entry.put("a", "key7", new byte[1]));
            open.eventually(
                    "rows are deleted",
                    () -> {
                        try {
                            return Opening.sql(
                                            file,
                                            "SELECT (SELECT count(*) FROM entries WHERE topic ="
                                                    + " (SELECT id FROM topics WHERE name = 'a'))"
                                                    + " || ' ' || (SELECT count(*) FROM newest)")
                                    .equals(List.of("2 1"));
                        } catch (SQLException e) {
                            throw new AssertionError(e);
                        }
                    });
            assertEquals(1, open.store.latest("a", 0, 1 << 20).entries().size());
        }
    }
}
