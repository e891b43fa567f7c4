package microdot.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static microdot.nats.NatsStoreTest.append;
import static microdot.nats.NatsStoreTest.event;
import static microdot.nats.NatsStoreTest.failure;
import static microdot.nats.NatsStoreTest.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.io.FileInputStream;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import microdot.stores.Certificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which stream a store makes and accepts, its limits, and how it logs in. */
@Timeout(120)
class NatsStreamTest {
    @TempDir Path folder;

    private static List<Long> positions(Page page) {
        return page.entries().stream().map(StoredEntry::position).toList();
    }

    @Test
    void namespacesAreSeparate() {
        try (var server = new NatsServer(folder);
                NatsStore a = NatsStore.connect(server.url()).namespace("a");
                NatsStore b = NatsStore.connect(server.url()).namespace("b")) {
            a.open(new RecordedTail());
            b.open(new RecordedTail());
            append(a, event("t", "1"));
            assertEquals(0, b.head());
            assertEquals(new Kept(0, 0, 0), b.kept("t"));
        }
        for (String name : List.of("", "a.b", "a b", "x".repeat(65))) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> NatsStore.connect("nats://127.0.0.1").namespace(name));
        }
    }

    private static void makeStream(String url, String name, String description) throws Exception {
        try (Connection connection = Nats.connect(url)) {
            connection
                    .jetStreamManagement()
                    .addStream(
                            StreamConfiguration.builder()
                                    .name(name)
                                    .description(description)
                                    .subjects("microdot." + name + ".x.*")
                                    .allowRollup(true)
                                    .build());
        }
    }

    private static @Nullable String description(String url, String name) throws Exception {
        try (Connection connection = Nats.connect(url)) {
            return connection
                    .jetStreamManagement()
                    .getStreamInfo(name)
                    .getConfiguration()
                    .getDescription();
        }
    }

    @Test
    void olderFormatIsMigratedAndNewerRefused() throws Exception {
        try (var server = new NatsServer(folder);
                NatsStore old = NatsStore.connect(server.url()).namespace("old");
                NatsStore young = NatsStore.connect(server.url()).namespace("new");
                NatsStore foreign = NatsStore.connect(server.url()).namespace("foreign")) {
            makeStream(server.url(), "microdot-old", "Microdot events, format 0");
            old.open(new RecordedTail());
            String text = String.valueOf(description(server.url(), "microdot-old"));
            assertTrue(text.startsWith("Microdot events, format 1 | created "), text);
            append(old, event("a", "1"));
            makeStream(server.url(), "microdot-new", "Microdot events, format 2");
            var newer = assertThrows(StoreException.class, () -> young.open(new RecordedTail()));
            assertTrue(message(newer).contains("format 2 (expected: at most 1"));
            makeStream(server.url(), "microdot-foreign", "orders");
            assertThrows(StoreException.class, () -> foreign.open(new RecordedTail()));
        }
    }

    private static String subject(Connection connection, String token) throws Exception {
        return connection
                .jetStreamManagement()
                .getStreamInfo("microdot")
                .getConfiguration()
                .getSubjects()
                .getFirst()
                .replace("*", token);
    }

    @Test
    void messagesOfSomebodyElseStopNothing() throws Exception {
        try (var server = new NatsServer(folder);
                NatsStore store = NatsStore.connect(server.url());
                Connection connection = Nats.connect(server.url())) {
            var tail = new RecordedTail();
            store.open(tail);
            append(store, event("a", "1"));
            for (String topic : List.of("a", "$epoch")) {
                for (String number : List.of("y", "7")) {
                    var headers = new Headers().put("epoch", "0123456789").put("From", "x.y");
                    headers.put("First", "1").put("After", number);
                    connection
                            .jetStream()
                            .publish(subject(connection, topic), headers, new byte[1]);
                }
            }
            append(store, event("a", "2"));
            tail.awaitEntries(2);
            assertEquals(List.of(), tail.calls);
        }
    }

    @Test
    void streamThatIsMarkedAsRestoredBeginsAnEpoch() throws Exception {
        try (var server = new NatsServer(folder);
                NatsStore before = NatsStore.connect(server.url());
                NatsStore after = NatsStore.connect(server.url());
                NatsStore later = NatsStore.connect(server.url())) {
            Opened first = before.open(new RecordedTail());
            long last = append(before, event("a", "1"));
            before.close();
            try (Connection connection = Nats.connect(server.url())) {
                var management = connection.jetStreamManagement();
                var config = management.getStreamInfo("microdot").getConfiguration();
                management.updateStream(
                        StreamConfiguration.builder(config)
                                .description(config.getDescription() + " | restored")
                                .build());
            }
            Opened restored = after.open(new RecordedTail());
            assertEquals(2, restored.epochs().size());
            assertEquals(first.epochs().getFirst(), restored.epochs().getFirst());
            assertEquals(last, restored.epochs().getLast().previousEnd());
            assertTrue(append(after, event("a", "2")) >= restored.epochs().getLast().first());
            assertEquals(restored.epochs(), later.open(new RecordedTail()).epochs());
        }
    }

    @Test
    void limitsTrimAndAreTold() {
        try (var server = new NatsServer(folder);
                NatsStore store =
                        NatsStore.connect(server.url()).maxBytes(1 << 16).maxPerTopic(3)) {
            store.open(new RecordedTail());
            long[] positions = new long[5];
            for (int i = 0; i < 5; i++) {
                positions[i] = append(store, event("many", "" + i));
            }
            long few = append(store, event("few", "1"));
            assertEquals(new Kept(positions[1], positions[4], 0), store.kept("many"));
            assertEquals(new Kept(0, few, 0), store.kept("few"));
            Page page = store.read("many", 0, Long.MAX_VALUE, 1000);
            assertEquals(List.of(positions[2], positions[3], positions[4]), positions(page));
            assertEquals(positions[1], page.floor());
            long last = 0;
            for (int i = 0; i < 20; i++) {
                last = append(store, Entry.event("large" + i, null, null, new byte[8000]));
            }
            Kept trimmed = store.kept("few");
            assertTrue(trimmed.floor() >= few && trimmed.floor() < last, trimmed.toString());
            assertEquals(List.of(), store.read("few", 0, Long.MAX_VALUE, 1000).entries());
        }
    }

    @Test
    void limitsOfTheLastStoreCount() throws Exception {
        try (var server = new NatsServer(folder);
                NatsStore first = NatsStore.connect(server.url());
                NatsStore second =
                        NatsStore.connect(server.url())
                                .maxAge(Duration.ofHours(1))
                                .maxBytes(1 << 20)) {
            first.open(new RecordedTail());
            second.open(new RecordedTail());
            try (Connection connection = Nats.connect(server.url())) {
                var config =
                        connection
                                .jetStreamManagement()
                                .getStreamInfo("microdot")
                                .getConfiguration();
                assertEquals(Duration.ofHours(1), config.getMaxAge());
                assertEquals(1 << 20, config.getMaxBytes());
                assertEquals(Duration.ofMinutes(2), config.getDuplicateWindow());
            }
        }
    }

    @Test
    void entryBeyondMaxPayloadIsRefused() {
        try (var server = new NatsServer(folder);
                NatsStore store = NatsStore.connect(server.url())) {
            store.open(new RecordedTail());
            var large = Append.of(Entry.event("a", null, null, new byte[8 << 20]));
            StoreException refused = failure(store.append(large));
            assertTrue(message(refused).contains("max_payload"), message(refused));
            assertFalse(refused.isUnknown());
            append(store, event("a", "small"));
        }
    }

    @Test
    void entryOfAnotherToolIsSkipped() throws Exception {
        try (var server = new NatsServer(folder);
                NatsStore store = NatsStore.connect(server.url());
                Connection connection = Nats.connect(server.url())) {
            var tail = new RecordedTail();
            store.open(tail);
            append(store, event("a", "1"));
            String subject = subject(connection, "a");
            connection.jetStream().publish(subject, "foreign".getBytes(UTF_8));
            append(store, event("a", "2"));
            assertEquals(2, tail.entries.size());
            assertEquals(2, store.read("a", 0, Long.MAX_VALUE, 1000).entries().size());
        }
    }

    @Test
    void logsInWithNameTokenOrUrl() {
        String users = "authorization { user: ann, password: secret }";
        try (var server = new NatsServer(folder, users)) {
            try (NatsStore named = NatsStore.connect(server.url()).user("ann", "secret");
                    NatsStore wrong = NatsStore.connect(server.url()).user("ann", "wrong");
                    NatsStore url =
                            NatsStore.connect("nats://ann:secret@127.0.0.1:" + server.port())) {
                named.open(new RecordedTail());
                url.open(new RecordedTail());
                assertThrows(StoreException.class, () -> wrong.open(new RecordedTail()));
            }
        }
    }

    @Test
    void messagesShowNoPasswords() {
        try (NatsStore store =
                NatsStore.connect("nats://ann:secret@127.0.0.1:" + NatsServer.freePort())) {
            var failure = assertThrows(StoreException.class, () -> store.open(new RecordedTail()));
            assertFalse(message(failure).contains("secret"), message(failure));
            assertTrue(message(failure).contains("127.0.0.1"), message(failure));
        }
    }

    @Test
    void firstServerThatAnswersIsUsed() {
        try (var server = new NatsServer(folder);
                NatsStore store =
                        NatsStore.connect(
                                "nats://127.0.0.1:" + NatsServer.freePort(), server.url())) {
            store.open(new RecordedTail());
            append(store, event("a", "1"));
        }
    }

    @Test
    void tlsIsUsedWithTheGivenCertificates() throws Exception {
        Certificates certificates = Certificates.in(folder);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (var in = new FileInputStream(certificates.authority().toFile())) {
            var authority = CertificateFactory.getInstance("X.509").generateCertificate(in);
            trusted.setCertificateEntry("authority", authority);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        String tls =
                "tls { cert_file: \"%s\", key_file: \"%s\" }"
                        .formatted(certificates.server(), certificates.serverKey());
        try (var server = new NatsServer(folder, tls);
                NatsStore secure = NatsStore.connect(server.url()).tls(context);
                NatsStore plain = NatsStore.connect(server.url())) {
            secure.open(new RecordedTail());
            append(secure, event("a", "1"));
            assertThrows(StoreException.class, () -> plain.open(new RecordedTail()));
        }
    }

    @Test
    void serverWithoutJetStreamIsNamed() throws Exception {
        int port = NatsServer.freePort();
        Process server =
                new ProcessBuilder("nats-server", "-a", "127.0.0.1", "-p", "" + port)
                        .redirectErrorStream(true)
                        .start();
        try (var lines = server.inputReader(UTF_8);
                NatsStore store = NatsStore.connect("nats://127.0.0.1:" + port)) {
            for (String line = lines.readLine();
                    line != null && !line.contains("Server is ready");
                    line = lines.readLine()) {}
            var failure = assertThrows(StoreException.class, () -> store.open(new RecordedTail()));
            assertTrue(
                    message(failure).contains("expected: a nats-server with JetStream"),
                    message(failure));
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @Test
    void expectedLastAndKeyTogetherLookAtTheKeyFirst() {
        try (var server = new NatsServer(folder);
                NatsStore store = NatsStore.connect(server.url())) {
            store.open(new RecordedTail());
            var append = new Append(List.of(event("a", "1")), OptionalLong.of(0), "k");
            List<Long> first = store.append(append).toCompletableFuture().join();
            assertEquals(first, store.append(append).toCompletableFuture().join());
        }
    }
}
