package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreRetention;
import microdot.structure.NullArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Null is refused by every public method, at once and with what was expected. */
class NullArgumentsTest {
    @Test
    @Timeout(60)
    void everyPublicMethodRefusesNull() {
        Map<Class<?>, Object> samples =
                Map.of(
                        SqliteStore.class,
                        SqliteStore.at(Path.of("never-opened.db")),
                        Durability.class,
                        Durability.always(),
                        Path.class,
                        Path.of("never-opened.db"),
                        Append.class,
                        Append.of(Entry.close("a")),
                        StoreRetention.class,
                        new StoreRetention(1, 1, Duration.ofSeconds(1), false),
                        Duration.class,
                        Duration.ofSeconds(1),
                        String.class,
                        "a",
                        int.class,
                        1,
                        long.class,
                        1L);
        assertEquals(
                "",
                String.join(
                        "\n",
                        NullArguments.notRefused(
                                List.of(SqliteStore.class, Durability.class), samples)));
    }
}
