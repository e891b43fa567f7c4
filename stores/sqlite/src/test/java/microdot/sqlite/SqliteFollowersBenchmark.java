package microdot.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import microdot.stores.FollowersBenchmark;

/**
 * Measures followers of a store on disk beside followers in memory.
 *
 * <pre>
 * {@code java microdot.sqlite.SqliteFollowersBenchmark [CLIENTS [SECONDS [MEGABYTES [ROUNDS]]]]}
 * </pre>
 */
final class SqliteFollowersBenchmark {
    private SqliteFollowersBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("followers");
        Path file = folder.resolve("events.db");
        FollowersBenchmark.run("SQLite", () -> SqliteStore.at(file), args);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
        }
        Files.delete(folder);
    }
}
