package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is refused before and at the first connection, and what is warned of. */
@Timeout(60)
class SettingsTest {
    private static String refused(Runnable call) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    @Test
    void wrongSettingsAreRefusedWithWhatWasExpected() {
        RedisStore store = RedisStore.connect("redis://localhost");
        assertEquals(
                "namespace: \"a:b\" (expected: 1 to 64 letters, digits, - and _)",
                refused(() -> store.namespace("a:b")));
        assertEquals(
                "timeout: PT0S (expected: 100 ms to 10 min)",
                refused(() -> store.timeout(Duration.ZERO)));
        assertEquals(
                "maxInFlight: 0 (expected: 1 to 1000000)", refused(() -> store.maxInFlight(0, 1)));
        assertEquals(
                "maxInFlight: 0 bytes (expected: at least 1)",
                refused(() -> store.maxInFlight(1, 0)));
        assertEquals(
                "spineEntries: 999 (expected: 1000 to 10000000)",
                refused(() -> store.spineEntries(999)));
    }

    @Test
    void wrongUriIsRefusedWithoutItsPassword() {
        assertTrue(
                refused(() -> RedisStore.connect("http://a"))
                        .startsWith("uri: begins with \"http\""));
        String text = refused(() -> RedisStore.connect("redis://user:se cret@host:6379"));
        assertFalse(text.contains("cret"), text);
        for (String uri :
                List.of(
                        "redis://user:secret@host:-1",
                        "redis://user:secret#x@host:6379",
                        "redis://user:secret?x@host:6379")) {
            text = refused(() -> RedisStore.connect(uri));
            assertTrue(text.startsWith("uri: "), text);
            assertFalse(text.contains("secret"), text);
        }
        assertTrue(
                refused(() -> RedisStore.connect("redis-sentinel://host:26379/0"))
                        .startsWith("uri: without the name that the Sentinels have"));
        assertEquals(
                "sentinelLogin: rediss://host:6379/3 names no Sentinels (expected:"
                        + " redis-sentinel://host:26379/0#name)",
                refused(
                        () ->
                                RedisStore.connect("rediss://user:secret@host/3")
                                        .sentinelLogin("default", "x")));
    }

    @Test
    void messagesNameTheServersAndNoLogin() {
        assertEquals(
                "redis-sentinel://a:1,b:26379/2#main",
                Address.of("redis-sentinel://user:secret@a:1,b/2#main")
                        .sentinelLogin("other", "password")
                        .toString());
        assertEquals("redis://a:6379/0", Address.of("redis://:secret@a").toString());
    }

    @Test
    void unreachableServerIsNamedAtOpen() {
        RedisStore store = RedisStore.connect("redis://user:secret@127.0.0.1:1");
        var error = assertThrows(StoreException.class, () -> store.open(new RecordingTail()));
        assertTrue(error.toString().contains("refused"), error::toString);
        assertFalse(error.toString().contains("secret"), error::toString);
        store.close();
    }

    @Test
    void clusterAndReplicaAreRefused() {
        try (var cluster = RedisServer.with("--cluster-enabled", "yes");
                var replica = RedisServer.with("--replicaof", "127.0.0.1 1")) {
            for (RedisServer server : List.of(cluster, replica)) {
                RedisStore store = RedisStore.connect(server.uri());
                var error =
                        assertThrows(StoreException.class, () -> store.open(new RecordingTail()));
                String expected = server == cluster ? "cluster mode" : "replica";
                assertTrue(error.toString().contains(expected), error::toString);
                store.close();
            }
        }
    }

    @Test
    void userOfAnAccessListNeedsTheKeysOfTheNamespaceOnly() throws Exception {
        try (var server = RedisServer.durable()) {
            server.command(
                    "ACL",
                    "SETUSER",
                    "app",
                    "on",
                    ">secret",
                    "~app:*",
                    "+@all",
                    "-@dangerous",
                    "+info");
            RedisStore store =
                    RedisStore.connect("redis://app:secret@127.0.0.1:" + server.port)
                            .namespace("app");
            var tail = new RecordingTail();
            store.open(tail);
            RestartTest.append(store, "1");
            tail.awaitEntries(1);
            store.close();
        }
    }

    @Test
    void settingsThatEndangerEventsAreNamed() {
        assertEquals(
                List.of(),
                ServerInfo.risks(
                        Map.of("maxmemory_policy", "noeviction", "aof_enabled", "1"),
                        Map.of("appendfsync", "always", "save", "")));
        String risks =
                String.join(
                        "; ",
                        ServerInfo.risks(
                                Map.of("maxmemory_policy", "allkeys-lru", "aof_enabled", "0"),
                                Map.of("save", "")));
        assertTrue(risks.contains("maxmemory-policy is allkeys-lru"), risks);
        assertTrue(risks.contains("no persistence"), risks);
        risks =
                String.join(
                        "; ",
                        ServerInfo.risks(
                                Map.of("aof_enabled", "1"), Map.of("appendfsync", "everysec")));
        assertTrue(risks.contains("appendfsync is everysec"), risks);
    }

    @Test
    void oldServersAreRefused() {
        var error =
                assertThrows(
                        StoreException.class,
                        () -> ServerInfo.check(Map.of("redis_version", "6.0.16")));
        assertEquals("Redis: version 6.0.16 (expected: 6.2 or newer)", error.getMessage());
        ServerInfo.check(Map.of("redis_version", "6.2.0"));
        ServerInfo.check(Map.of("redis_version", "8.0"));
    }
}
