package microdot.redis;

import static microdot.redis.RestartTest.append;
import static microdot.redis.RestartTest.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import microdot.stores.SmallDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The disk of Redis, or its memory, has no room. */
@Timeout(120)
class FullDiskTest {
    @TempDir Path folder;

    private static StoreException failure(RedisStore store, int bytes) {
        var append = store.append(event("x".repeat(bytes))).toCompletableFuture();
        var error = assertThrows(ExecutionException.class, () -> append.get(60, TimeUnit.SECONDS));
        return assertInstanceOf(StoreException.class, error.getCause());
    }

    /** With everysec, Redis goes on when there is room: it refuses writes meanwhile. */
    @Test
    void fullDiskFailsAppendsUntilThereIsRoom() throws Exception {
        try (var disk = SmallDisk.at(folder, 16);
                var server = RedisServer.on(disk, "--appendonly", "yes", "--save", "")) {
            var tail = new RecordingTail();
            RedisStore store = RedisStore.connect(server.uri()).timeout(Duration.ofSeconds(20));
            store.open(tail);
            append(store, "before");
            disk.fill();
            StoreException error = null;
            int unacknowledged = 0;
            while (error == null) { // Redis notices when it writes to the file, once a second.
                try {
                    append(store, "x");
                    unacknowledged++;
                } catch (ExecutionException e) {
                    error = assertInstanceOf(StoreException.class, e.getCause());
                }
            }
            assertFalse(error.isUnknown(), error::toString);
            assertTrue(error.toString().contains("MISCONF"), error::toString);
            disk.free();
            boolean works = false;
            while (!works) {
                try {
                    append(store, "after");
                    works = true;
                } catch (ExecutionException e) {
                    assertTrue(e.toString().contains("MISCONF"), e::toString);
                }
            }
            tail.awaitEntries(unacknowledged + 2);
            assertEquals(unacknowledged + 2, tail.positions().size());
            assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
            store.close();
        }
    }

    /** With always, Redis ends itself. */
    @Test
    void serverThatSyncsAlwaysEndsAndLosesNothing() throws Exception {
        try (var disk = SmallDisk.at(folder, 16);
                var server =
                        RedisServer.on(
                                disk,
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "always",
                                "--save",
                                "")) {
            var tail = new RecordingTail();
            RedisStore store = RedisStore.connect(server.uri()).timeout(Duration.ofSeconds(20));
            store.open(tail);
            append(store, "before");
            disk.fill();
            var waiting = new ArrayList<CompletableFuture<List<Long>>>();
            for (int i = 0; i < 20; i++) {
                waiting.add(store.append(event("x".repeat(1000))).toCompletableFuture());
            }
            tail.awaitCall("away");
            disk.free();
            server.start();
            for (var each : waiting) {
                each.get(60, TimeUnit.SECONDS);
            }
            List<Long> positions =
                    tail.awaitEntries(21).stream().map(StoredEntry::position).toList();
            assertEquals(positions.stream().distinct().sorted().toList(), positions);
            assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
            store.close();
        }
    }

    @Test
    void fullMemoryFailsAppendsUntilThereIsRoom() throws Exception {
        try (var server = RedisServer.durable()) {
            var tail = new RecordingTail();
            RedisStore store = RedisStore.connect(server.uri());
            store.open(tail);
            append(store, "before");
            server.command("CONFIG", "SET", "maxmemory", "1");
            StoreException error = failure(store, 10);
            assertFalse(error.isUnknown(), error::toString);
            assertTrue(error.toString().contains("OOM"), error::toString);
            server.command("CONFIG", "SET", "maxmemory", "0");
            append(store, "after");
            assertEquals(2, tail.awaitEntries(2).size());
            store.close();
        }
    }
}
