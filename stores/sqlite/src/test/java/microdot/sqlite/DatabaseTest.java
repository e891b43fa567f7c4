package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DatabaseTest {
    @TempDir Path folder;

    /** SQLite shortens a file in steps of one page, without returning a row. */
    @Test
    void statementRunsToItsEnd() throws Exception {
        try (Database database = Database.open(folder.resolve("events.db"), false)) {
            database.execute("PRAGMA auto_vacuum = INCREMENTAL");
            database.execute("CREATE TABLE pages (bytes BLOB)");
            for (int i = 0; i < 300; i++) {
                database.update("INSERT INTO pages VALUES (zeroblob(?))", 4000);
            }
            database.update("DELETE FROM pages");
            long free = database.number("PRAGMA freelist_count");
            assertTrue(free > 200, free + " pages");
            database.execute("PRAGMA incremental_vacuum(100)");
            assertEquals(free - 100, database.number("PRAGMA freelist_count"));
        }
    }
}
