package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A reader that is slower than the patience of those that wait for it. */
@Timeout(60)
class ReadersTest {
    private static final Duration PATIENCE = Duration.ofMillis(20);

    @TempDir Path folder;

    /** A reader that reads until it is to go on. */
    private static final class Slow {
        final CountDownLatch go = new CountDownLatch(1);
        final AtomicReference<Database> used = new AtomicReference<>();
        final Thread thread;

        Slow(Readers readers) throws Exception {
            var inside = new CountDownLatch(1);
            thread =
                    Thread.ofVirtual()
                            .start(
                                    () ->
                                            readers.read(
                                                    database -> {
                                                        used.set(database);
                                                        inside.countDown();
                                                        awaitQuietly(go);
                                                        return 1;
                                                    }));
            inside.await();
        }

        private static void awaitQuietly(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void fileIsGivenBackAlthoughSomebodyReads() throws Exception {
        Settings settings = Settings.at(folder.resolve("events.db"));
        OpenFile file = OpenFile.open(settings);
        file.opened();
        var readers = new Readers(settings, PATIENCE);
        var commits = new Commits(settings, file, new Silent(), readers);
        var slow = new Slow(readers);
        commits.end();
        OpenFile.open(settings).abandon(); // Not refused.
        slow.go.countDown();
        slow.thread.join();
    }

    @Test
    void readerThatTheCloseDidNotWaitForClosesItsConnection() throws Exception {
        Settings settings = Settings.at(folder.resolve("events.db"));
        OpenFile.open(settings).abandon();
        var readers = new Readers(settings, PATIENCE);
        var slow = new Slow(readers);
        StoreException refused = assertThrows(StoreException.class, readers::close);
        assertTrue(
                String.valueOf(refused.getMessage()).contains("is read by others"),
                refused::toString);
        slow.go.countDown();
        slow.thread.join();
        assertThrows(SQLException.class, () -> slow.used.get().execute("SELECT 1"));
        assertEquals(
                "store: closed (expected: a store that is open)",
                assertThrows(StoreException.class, () -> readers.read(database -> 1)).getMessage());
    }
}
