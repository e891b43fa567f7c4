package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import microdot.stores.SmallDisk;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real disk that is full, or read-only, or fails. */
@Timeout(120)
class DiskTest {
    @TempDir Path folder;

    private static Entry event(int bytes) {
        return Entry.event("a", null, null, new byte[bytes]);
    }

    private static StoreException failure(Opening open) {
        return assertThrows(
                StoreException.class,
                () -> {
                    for (int i = 0; i < 100; i++) {
                        open.append(event(100_000));
                    }
                });
    }

    private static void goOn(Opening open) throws Exception {
        String told = open.awaitTold();
        while (!told.equals("back")) {
            told = open.awaitTold(); // It has failed again meanwhile.
        }
        open.append(event(10));
        assertEquals(open.positions(), open.all("a").stream().map(StoredEntry::position).toList());
    }

    @Test
    void fullDiskFailsAppendsUntilThereIsRoom() throws Exception {
        try (var disk = SmallDisk.at(folder, 8)) {
            Path file = folder.resolve("events.db");
            try (Opening open = Opening.at(file)) {
                open.append(event(10));
                disk.fill();
                StoreException failure = failure(open);
                assertTrue(failure.toString().contains("no room on the disk"), failure::toString);
                disk.free();
                goOn(open);
            }
            try (Opening again = Opening.at(file)) {
                assertEquals(1, again.opened.epochs().size());
            }
        }
    }

    @Test
    void readOnlyDiskIsRefusedAtTheStart() throws Exception {
        try (var disk = SmallDisk.at(folder, 8)) {
            Path file = folder.resolve("events.db");
            try (Opening open = Opening.at(file)) {
                open.append(event(10));
            }
            disk.readOnly(true);
            var failure = assertThrows(StoreException.class, () -> Opening.at(file));
            assertTrue(failure.toString().contains("Read-only"), failure::toString);
            assertTrue(failure.toString().contains(file.toString()), failure::toString);
            disk.readOnly(false);
            try (Opening again = Opening.at(file)) {
                assertEquals(1, again.all("a").size());
                assertEquals(1, again.opened.epochs().size());
            }
        }
    }

    /**
     * The system refuses to write behind a size: as with a disk that fails, that is no full one.
     */
    @Test
    void errorOfTheDiskFailsAppendsUntilItWorks() throws Exception {
        Path file = folder.resolve("events.db");
        try (Opening open = Opening.at(file)) {
            open.append(event(10));
            largestFile("" + Files.size(folder.resolve("events.db-wal")));
            try {
                StoreException failure = failure(open);
                assertTrue(failure.toString().contains("cannot be written"), failure::toString);
                assertTrue(open.awaitTold().startsWith("away"));
                failure(open);
            } finally {
                largestFile("unlimited");
            }
            goOn(open);
        }
        try (Opening again = Opening.at(file)) {
            assertEquals(1, again.opened.epochs().size());
        }
    }

    private static void largestFile(String bytes) throws Exception {
        String pid = "" + ProcessHandle.current().pid();
        Process process;
        try {
            process = new ProcessBuilder("prlimit", "--pid", pid, "--fsize=" + bytes + ":").start();
        } catch (IOException e) {
            Assumptions.abort("prlimit: not installed");
            return;
        }
        assertEquals(0, process.waitFor());
    }
}
