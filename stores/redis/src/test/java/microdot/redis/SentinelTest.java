package microdot.redis;

import static microdot.redis.RestartTest.append;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import microdot.sse.store.StoreEpoch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store follows the master that Sentinel names. */
class SentinelTest {
    @Test
    @Timeout(120)
    void storeFindsTheNewMasterAndBeginsAnEpoch() throws Exception {
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
            Path file = Files.createTempFile("sentinel", ".conf");
            Files.writeString(
                    file,
                    "sentinel monitor main 127.0.0.1 "
                            + master.port
                            + " 1\nsentinel down-after-milliseconds main 500\n"
                            + "sentinel failover-timeout main 3000\n");
            try (var sentinel = RedisServer.sentinel(file)) {
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
            } finally {
                Files.delete(file);
            }
        }
    }
}
