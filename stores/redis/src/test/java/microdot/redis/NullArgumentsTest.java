package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreRetention;
import microdot.structure.NullArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Null is refused by every public method, at once and with what was expected. */
class NullArgumentsTest {
    @Test
    @Timeout(60) // A method that takes null may wait for ever.
    void everyPublicMethodRefusesNull() {
        RedisStore store = RedisStore.connect("redis://localhost");
        Map<Class<?>, Object> samples =
                Map.of(
                        Path.class,
                        Path.of("pom.xml"),
                        RedisStore.class,
                        store,
                        EventStore.Tail.class,
                        new RecordingTail(),
                        Append.class,
                        Append.of(Entry.close("a")),
                        StoreRetention.class,
                        new StoreRetention(1, 1, Duration.ofSeconds(1), false),
                        long.class,
                        1L,
                        int.class,
                        1,
                        Duration.class,
                        Duration.ofSeconds(1),
                        String.class,
                        "redis://localhost");
        assertEquals(
                "",
                String.join("\n", NullArguments.notRefused(List.of(RedisStore.class), samples)));
    }
}
