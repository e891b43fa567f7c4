package microdot.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import microdot.sse.store.EventStore;
import microdot.testing.EventStoreContract;
import org.junit.jupiter.api.io.TempDir;

/** The contract of stores, on SQLite. */
class SqliteStoreTest extends EventStoreContract {
    @TempDir Path folder;
    private volatile Instant now = Instant.now();

    @Override
    protected EventStore newNode() {
        return SqliteStore.at(folder.resolve("events.db")).clock(() -> now);
    }

    @Override
    protected boolean emptyEngine() throws IOException {
        now = now.plusSeconds(1);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) { // The lock file, too: it remembers a position.
                Files.delete(each);
            }
        }
        return true;
    }

    @Override
    protected boolean passTime(Duration time) {
        now = now.plus(time);
        return true;
    }
}
