package microdot.redis;

import static microdot.redis.RestartTest.append;
import static microdot.redis.RestartTest.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.stores.Certificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS, and the user of an access list. */
@Timeout(120)
class SecurityTest {
    @TempDir Path folder;

    private static RedisServer secure(int port, Certificates certificates) {
        return RedisServer.with(
                "--tls-port",
                "" + port,
                "--tls-cert-file",
                certificates.server().toString(),
                "--tls-key-file",
                certificates.serverKey().toString(),
                "--tls-ca-cert-file",
                certificates.authority().toString());
    }

    /**
     * The first connection of a process loads the classes of TLS: with a busy machine it is slow.
     */
    private static RedisStore patient(String uri) {
        return RedisStore.connect(uri).connectTimeout(Duration.ofSeconds(30));
    }

    @Test
    void connectionsAreEncryptedAndCertificatesChecked() throws Exception {
        Certificates certificates = Certificates.in(folder);
        int port = RedisServer.freePort();
        try (var server = secure(port, certificates)) {
            RedisStore store =
                    patient("rediss://127.0.0.1:" + port)
                            .authorities(certificates.authority())
                            .certificate(certificates.client(), certificates.clientKey());
            var tail = new RecordingTail();
            store.open(tail);
            append(store, "1");
            tail.awaitEntries(1);
            String clients = server.command("CLIENT", "LIST");
            assertEquals(
                    3,
                    Pattern.compile("laddr=127.0.0.1:" + port).matcher(clients).results().count(),
                    clients);
            store.close();

            // The authorities of Java do not have ours; and Redis wants a certificate.
            for (RedisStore refused :
                    List.of(
                            patient("rediss://127.0.0.1:" + port)
                                    .certificate(certificates.client(), certificates.clientKey()),
                            patient("rediss://127.0.0.1:" + port)
                                    .authorities(certificates.authority()))) {
                assertThrows(StoreException.class, () -> refused.open(new RecordingTail()));
            }
        }
    }

    @Test
    void certificateOfAnotherHostIsRefused() throws Exception {
        Certificates certificates = Certificates.in(folder);
        int port = RedisServer.freePort();
        try (var server = secure(port, certificates)) {
            server.command("PING");
            RedisStore store =
                    patient("rediss://127.0.0.2:" + port)
                            .authorities(certificates.authority())
                            .certificate(certificates.client(), certificates.clientKey());
            server.command("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2");
            var error = assertThrows(StoreException.class, () -> store.open(new RecordingTail()));
            assertTrue(error.toString().contains("127.0.0.2"), error::toString);
        }
    }

    @Test
    void fileThatCannotBeReadIsRefusedAtOnce() {
        RedisStore store = RedisStore.connect("rediss://localhost");
        Path missing = folder.resolve("missing.pem");
        var error = assertThrows(IllegalArgumentException.class, () -> store.authorities(missing));
        assertEquals(
                "authorities: " + missing + " (expected: a file in PEM that can be read)",
                error.getMessage());
        assertThrows(IllegalArgumentException.class, () -> store.certificate(missing, missing));
    }

    /** Returns the user of the guide, as the configuration wants it. */
    private static String[] userOfTheGuide(String more) throws Exception {
        String page = Files.readString(Path.of("../../docs/guide/store-redis.md"));
        Matcher line = Pattern.compile("(?m)^ACL SETUSER (app .*)$").matcher(page);
        assertTrue(line.find(), page);
        return ("--appendonly yes --appendfsync always --user " + line.group(1) + more).split(" ");
    }

    @Test
    void userOfTheGuideCanAppendAndIsOnlyRefusedTheSettings() throws Exception {
        try (var server = RedisServer.with(userOfTheGuide(""));
                var store = patient("redis://app:password@127.0.0.1:" + server.port)) {
            store.open(new RecordingTail());
            append(store, "1");
            String log = server.command("ACL", "LOG");
            Matcher refused = Pattern.compile("object\r\n\\$\\d+\r\n(\\S+)").matcher(log);
            assertEquals(
                    Set.of("config|get"),
                    refused.results().map(each -> each.group(1)).collect(Collectors.toSet()));
        }
    }

    /** The user of the guide may do all that the store does, and nothing elsewhere. */
    @Test
    void userOfTheGuideIsEnough() throws Exception {
        try (var server = RedisServer.with(userOfTheGuide(" +config|get"))) {
            String uri = "redis://app:password@127.0.0.1:" + server.port;
            var tail = new RecordingTail();
            RedisStore store = patient(uri);
            store.open(tail);
            store.retain("a", new StoreRetention(2, 1 << 20, Duration.ofHours(1), true));
            for (int i = 1; i < 400; i++) {
                append(store, "" + i);
            }
            var row =
                    new Append(
                            List.of(
                                    Entry.put("rows", "key", new byte[] {'{', '}'}),
                                    Entry.event("a", "key", "id", new byte[9])),
                            OptionalLong.empty(),
                            "once");
            List<Long> rows = store.append(row).toCompletableFuture().get(30, TimeUnit.SECONDS);
            assertEquals(rows, store.append(row).toCompletableFuture().get(30, TimeUnit.SECONDS));
            long last = rows.getLast();
            var expecting = new Append(event("x").entries(), OptionalLong.of(last), null);
            assertEquals(
                    List.of(last + 1),
                    store.append(expecting).toCompletableFuture().get(30, TimeUnit.SECONDS));
            assertEquals(last + 1, store.head());
            assertEquals(1, store.latest("rows", 0, 1000).entries().size());
            assertEquals(last, store.find("a", "id").orElse(0));
            assertEquals(last + 1, store.kept("a").last());
            assertTrue(store.read("a", 0, Long.MAX_VALUE, 1 << 20).entries().size() >= 2);
            append(store, "end");
            store.append(Append.of(Entry.close("a")))
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            store.append(Append.of(Entry.clear("a")))
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            tail.awaitEntries(405);

            // What needs more rights: after a restart, and after everything was removed.
            server.kill();
            server.start();
            append(store, "again");
            assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
            server.command("FLUSHALL");
            tail.awaitEpoch();
            append(store, "anew");
            store.close();

            String log = server.command("ACL", "LOG");
            assertEquals("*0\r\n", log, "refused: " + log);
            RedisStore other = patient(uri).namespace("other");
            assertThrows(StoreException.class, () -> other.open(new RecordingTail()));
        }
    }
}
