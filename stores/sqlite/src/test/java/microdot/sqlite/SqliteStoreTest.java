package microdot.sqlite;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
    protected boolean passTime(Duration time) {
        now = now.plus(time);
        return true;
    }
}
