package microdot.redis;

import static microdot.redis.RestartTest.append;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store follows the master that Sentinel names. */
class SentinelTest {
    @Test
    @Timeout(120)
    void storeFindsTheNewMasterAndBeginsAnEpoch() throws Exception {
        Path file = Files.createTempFile("sentinel", ".conf");
        try (var master = RedisServer.durable();
                var replica =
                        RedisServer.with(
                                "--replicaof",
                                "127.0.0.1 " + master.port,
                                "--repl-diskless-sync-delay",
                                "0")) {
            while (!replica.command("INFO", "replication").contains("master_link_status:up")) {
                Thread.onSpinWait();
            }
            try (var sentinel = sentinel(file, master)) {
                while (!sentinel.command("SENTINEL", "REPLICAS", "main")
                        .contains("" + replica.port)) {
                    Thread.onSpinWait();
                }
                var tail = new RecordingTail();
                RedisStore store =
                        RedisStore.connect(
                                        "redis-sentinel://127.0.0.1:" + sentinel.port + "/0#main")
                                .timeout(Duration.ofSeconds(60));
                store.open(tail);
                long first = append(store, "1");
                while (!replica.command("XLEN", "microdot:spine").startsWith(":1")) {
                    Thread.onSpinWait();
                }
                master.kill();
                tail.awaitCall("away"); // What is sent now waits for the new master.
                long next = append(store, "2");
                StoreEpoch epoch = tail.awaitEpoch();
                assertEquals(first, epoch.previousEnd());
                assertTrue(next >= epoch.first());
                assertEquals(next, tail.awaitEntries(2).getLast().position());
                store.close();
            }
        } finally {
            Files.delete(file);
        }
    }

    private static RedisServer sentinel(Path file, RedisServer master) throws Exception {
        Files.writeString(
                file,
                "sentinel monitor main 127.0.0.1 "
                        + master.port
                        + " 1\nsentinel down-after-milliseconds main 500\n"
                        + "sentinel failover-timeout main 3000\n");
        return RedisServer.sentinel(file);
    }

    @Test
    @Timeout(60)
    void sentinelThatWantsALoginGetsOneOfItsOwn() throws Exception {
        Path file = Files.createTempFile("sentinel", ".conf");
        try (var master = RedisServer.durable();
                var sentinel = sentinel(file, master)) {
            String ok = "+OK";
            assertTrue(
                    sentinel.command("ACL", "SETUSER", "watch", "on", ">other", "&*", "+@all")
                            .startsWith(ok));
            assertTrue(sentinel.command("ACL", "SETUSER", "default", "off").startsWith(ok));
            assertTrue(
                    master.command("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all")
                            .startsWith(ok));
            RedisStore store =
                    RedisStore.connect(
                            "redis-sentinel://app:secret@127.0.0.1:" + sentinel.port + "/0#main");
            var tail = new RecordingTail();
            var error = assertThrows(StoreException.class, () -> store.open(tail));
            assertFalse(error.toString().contains("secret"), error::toString);
            try (RedisStore knows = store.sentinelLogin("watch", "other")) {
                knows.open(tail);
                append(knows, "1");
                tail.awaitEntries(1);
            }
            store.close();
        } finally {
            Files.delete(file);
        }
    }
}
