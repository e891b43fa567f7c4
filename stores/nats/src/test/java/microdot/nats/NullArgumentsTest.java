package microdot.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreRetention;
import microdot.structure.NullArguments;
import org.junit.jupiter.api.Test;

/** Null is refused by every public method, at once and with what was expected. */
class NullArgumentsTest {
    @Test
    void everyPublicMethodRefusesNull() throws NoSuchAlgorithmException {
        Map<Class<?>, Object> samples =
                Map.ofEntries(
                        Map.entry(NatsStore.class, NatsStore.connect("nats://127.0.0.1:1")),
                        Map.entry(Append.class, Append.of(Entry.close("a"))),
                        Map.entry(Duration.class, Duration.ofMinutes(5)),
                        Map.entry(Path.class, Path.of("a")),
                        Map.entry(SSLContext.class, SSLContext.getDefault()),
                        Map.entry(
                                StoreRetention.class,
                                new StoreRetention(1, 1, Duration.ofMinutes(5), false)),
                        Map.entry(String[].class, new String[] {"nats://127.0.0.1:1"}),
                        Map.entry(long.class, 1L << 20),
                        Map.entry(int.class, 1),
                        Map.entry(String.class, "a"));
        assertEquals(
                "", String.join("\n", NullArguments.notRefused(List.of(NatsStore.class), samples)));
    }
}
