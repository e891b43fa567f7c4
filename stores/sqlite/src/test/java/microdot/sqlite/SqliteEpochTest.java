package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.StoreEpoch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A new epoch begins when acknowledged entries may have been lost, and only then. */
@Timeout(120)
class SqliteEpochTest {
    @TempDir Path folder;
    private Path file;
    private int copies;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("events.db");
    }

    private Path crash() throws Exception {
        return Opening.copyAsAfterACrash(file, folder.resolve("crash" + copies++));
    }

    /** The new epoch begins after what the file has, and beyond every position that was given. */
    private static void assertBegun(Opening open, long previousEnd, long given) throws Exception {
        List<StoreEpoch> epochs = open.opened.epochs();
        assertEquals(2, epochs.size());
        assertNotEquals(epochs.get(0).name(), epochs.get(1).name());
        assertEquals(previousEnd, epochs.get(1).previousEnd());
        assertEquals(previousEnd, open.opened.head());
        assertTrue(epochs.get(1).first() > given, epochs.get(1) + " after " + given);
        assertTrue(open.append("a", "next") >= epochs.get(1).first());
    }

    private static void assertSame(Opening open, long head) throws Exception {
        assertEquals(1, open.opened.epochs().size());
        assertEquals(head, open.opened.head());
        assertEquals(head + 1, open.append("a", "next"));
    }

    @Test
    void uncleanStopLosesNothingWhereEachCommitIsForced() throws Exception {
        try (Opening open = Opening.at(file)) {
            open.append("a", "1");
            long last = open.append("a", "2");
            try (Opening again = Opening.at(crash())) {
                assertSame(again, last);
                assertEquals(List.of("1", "2", "next"), again.texts("a"));
            }
        }
    }

    @Test
    void uncleanStopBeginsAnEpochWhereCommitsAreNotForced() throws Exception {
        for (Durability durability :
                List.of(Durability.none(), Durability.every(Duration.ofMillis(50)))) {
            file = folder.resolve(durability.isAlways() + "" + copies + ".db");
            long last;
            try (Opening open = new Opening(SqliteStore.at(file).durability(durability))) {
                last = open.append("a", "1");
                try (Opening again = Opening.at(crash())) {
                    assertBegun(again, last, last);
                }
            }
            try (Opening cleanly = new Opening(SqliteStore.at(file).durability(durability))) {
                assertSame(cleanly, last);
            }
        }
    }

    @Test
    void whatCountsIsTheDurabilityOfTheProcessThatStopped() throws Exception {
        try (Opening open = new Opening(SqliteStore.at(file).durability(Durability.none()))) {
            open.append("a", "1");
        }
        try (Opening open = Opening.at(file)) {
            long last = open.append("a", "2");
            SqliteStore careless = SqliteStore.at(crash()).durability(Durability.none());
            try (Opening again = new Opening(careless)) {
                assertSame(again, last);
            }
        }
    }

    @Test
    void olderCopyInThePlaceOfTheFileBeginsAnEpoch() throws Exception {
        Path copy = folder.resolve("copy.db");
        long first;
        try (Opening open = Opening.at(file)) {
            first = open.append("a", "1");
        }
        Files.copy(file, copy);
        long last;
        try (Opening open = Opening.at(file)) {
            last = open.append("a", "2");
        }
        Files.copy(copy, file, StandardCopyOption.REPLACE_EXISTING);
        try (Opening open = Opening.at(file)) {
            assertBegun(open, first, last);
        }
    }

    @Test
    void copyOfTheSameOpeningInThePlaceOfTheFileBeginsAnEpoch() throws Exception {
        Path copy = folder.resolve("copy.db");
        long first;
        long last;
        try (Opening open = Opening.at(file)) {
            first = open.append("a", "1");
            Opening.sql(file, "VACUUM INTO '" + copy + "'");
            last = open.append("a", "2");
        }
        Files.copy(copy, file, StandardCopyOption.REPLACE_EXISTING);
        try (Opening open = Opening.at(file)) {
            assertBegun(open, first, last);
        }
    }

    @Test
    void fileWithoutItsLockFileBeginsAnEpoch() throws Exception {
        long last;
        try (Opening open = Opening.at(file)) {
            last = open.append("a", "1");
        }
        Files.delete(folder.resolve("events.db.lock"));
        try (Opening open = Opening.at(file)) {
            assertBegun(open, last, last);
        }
        try (Opening open = Opening.at(file)) {
            assertEquals(2, open.opened.epochs().size(), "only once");
        }
    }

    @Test
    void positionsThatBeganAtOneGoOn() throws Exception {
        SqliteStore old = SqliteStore.at(file).clock(() -> Instant.EPOCH);
        try (Opening open = new Opening(old)) {
            assertEquals(1, open.append("a", "1"));
        }
        try (Opening open = Opening.at(file)) {
            assertSame(open, 1);
            assertEquals(List.of("1", "next"), open.texts("a"));
        }
        Files.delete(folder.resolve("events.db.lock"));
        try (Opening open = Opening.at(file)) {
            // As after a restored backup: clients may know positions of a later epoch.
            assertBegun(open, 2, StoreEpoch.positionAt(Instant.now().minusSeconds(60)));
        }
    }

    @Test
    void diskThatForgotTheEndOfTheJournalBeginsAnEpoch() throws Exception {
        var crashed = new ArrayList<Path>();
        long last = 0;
        try (Opening open = Opening.at(file)) {
            for (int i = 0; i < 50; i++) {
                last = open.append("a", "" + i);
            }
            Path memory = folder.resolve("events.db.lock");
            String end = last + " ";
            open.eventually("the position is remembered", () -> starts(memory, end));
            last = open.store.head();
            for (int i = 0; i < 10; i++) {
                crashed.add(crash());
            }
        }
        // What was written last is not at the end, where the journal began anew: less and less.
        for (int i = 0; i < crashed.size(); i++) {
            Path journal = crashed.get(i).resolveSibling("events.db-wal");
            try (FileChannel channel = FileChannel.open(journal, StandardOpenOption.WRITE)) {
                channel.truncate(channel.size() >> (i + 1));
            }
            try (Opening open = Opening.at(crashed.get(i))) {
                long head = open.opened.head();
                if (head < last) {
                    assertTrue(head > 0);
                    long kept =
                            Math.max(open.store.kept("a").last(), open.store.kept("filler").last());
                    assertEquals(kept, head);
                    assertBegun(open, head, last);
                    return;
                }
            }
        }
        fail("nothing was lost of " + last);
    }

    /** Whether the lock file remembers at least a position. */
    private static boolean starts(Path memory, String position) {
        try {
            String[] words = Files.readString(memory).split(" ", -1);
            return Long.parseLong(words[0]) >= Long.parseLong(position.strip());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void newFileBesideAnOldLockFileIsNew() throws Exception {
        String name;
        long last;
        try (Opening open = Opening.at(file)) {
            last = open.append("a", "1");
            name = open.opened.epochs().getFirst().name();
        }
        Files.delete(file);
        // The clock was set back meanwhile: the lock file knows more.
        SqliteStore late = SqliteStore.at(file).clock(() -> Instant.EPOCH);
        try (Opening open = new Opening(late)) {
            assertEquals(1, open.opened.epochs().size());
            assertNotEquals(name, open.opened.epochs().getFirst().name());
            assertEquals(0, open.opened.head());
            assertEquals(last + 1, open.append("a", "1"));
        }
    }
}
