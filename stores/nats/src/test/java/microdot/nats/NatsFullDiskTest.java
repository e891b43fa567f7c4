package microdot.nats;

import static microdot.nats.NatsStoreTest.append;
import static microdot.nats.NatsStoreTest.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import microdot.sse.store.StoreException;
import microdot.stores.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The disk of NATS has no room. */
@Timeout(120)
class NatsFullDiskTest {
    @TempDir Path folder;

    @Test
    void fullDiskFailsAppendsUntilTheServerHasRoomAndIsRestarted() throws Exception {
        try (var disk = SmallDisk.at(folder, 16);
                var server = new NatsServer(folder);
                var store =
                        NatsStore.connect(server.url())
                                .maxBytes(1 << 20)
                                .timeout(Duration.ofSeconds(2))) {
            var tail = new RecordedTail();
            store.open(tail);
            var acknowledged = new ArrayList<Long>();
            acknowledged.add(append(store, event("a", "before")));
            disk.fill();
            StoreException error = null;
            while (error == null) {
                try {
                    acknowledged.add(append(store, event("a", "x".repeat(1000))));
                } catch (CompletionException e) {
                    error = assertInstanceOf(StoreException.class, e.getCause());
                }
            }
            disk.free();
            server.kill(); // nats-server 2.9 does not go on by itself, and does not end either.
            server.start();
            boolean works = false;
            while (!works) {
                try {
                    acknowledged.add(append(store, event("a", "after")));
                    works = true;
                } catch (CompletionException e) {
                    assertInstanceOf(StoreException.class, e.getCause());
                }
            }
            List<Long> positions = tail.positions();
            assertEquals(positions.stream().distinct().sorted().toList(), positions);
            assertTrue(positions.containsAll(acknowledged), acknowledged + " of " + positions);
            assertEquals(List.of(), tail.epochs);
        }
    }
}
