package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./microdot run --with}. */
@Timeout(400)
class RunWithTest {
    @TempDir Path folder = Path.of("");

    @BeforeAll
    static void buildStores(@TempDir Path folder) throws Exception {
        Child.buildStores(folder);
    }

    @Test
    void programKeepsItsEventsOnDiskAndStartsFromTheCache() throws Exception {
        Files.writeString(
                folder.resolve("App.java"),
                """
                import microdot.sqlite.SqliteStore;
                import microdot.sse.Topics;

                void main(String[] args) {
                    try (var topics = new Topics(SqliteStore.at(Path.of("events.db")))) {
                        IO.println("kept: " + topics.history("news", null, 10).events().size());
                        topics.publish("news", args[0]);
                    }
                    new microdot.Microdot().run("localhost", 0);
                }
                """);
        Path log = folder.resolve("classes.log");
        for (int start = 0; start < 2; start++) {
            try (Child app =
                    Child.start(
                            folder,
                            "env",
                            "JAVA_TOOL_OPTIONS=-Xlog:class+load:file=" + log,
                            Child.home().resolve("microdot").toString(),
                            "run",
                            "--with",
                            "sqlite",
                            "App.java",
                            "a headline")) {
                app.await("kept: " + start);
                app.await("http://localhost:");
            }
        }
        String loaded = Files.readString(log);
        assertTrue(loaded.contains("microdot.netty.NettyServer source: shared"), loaded);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"--with redis,nats", "--with nats --with redis"})
    void severalStoresAreOnTheClassPath(String options) throws Exception {
        Files.writeString(
                folder.resolve("App.java"),
                """
                void main() {
                    IO.println(microdot.redis.RedisStore.connect("redis://localhost").limits());
                    IO.println(microdot.nats.NatsStore.connect("nats://localhost").limits().isEmpty());
                }
                """);
        String[] arguments = ("run " + options + " App.java").split(" ", -1);
        try (Child app = Child.microdot(folder, arguments)) {
            app.await("[]");
            app.await("false");
            assertEquals(0, app.exitCode());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--with mysql App.java        | run: --with: 'mysql' (expected: sqlite, redis, nats",
                "--with sqlite,mysql App.java | run: --with: 'mysql' (expected: sqlite, redis, nats",
                "--with                       | run: --with: no value (expected: sqlite, redis, nats",
            })
    void unknownStoreIsRejectedWithASentence(String options, String sentence) throws Exception {
        String[] arguments = ("run " + options).split(" ", -1);
        try (Child app = Child.microdot(folder, arguments)) {
            app.await(sentence);
            assertEquals(1, app.exitCode());
        }
    }
}
