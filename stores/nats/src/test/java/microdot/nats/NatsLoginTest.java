package microdot.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static microdot.nats.NatsStoreTest.append;
import static microdot.nats.NatsStoreTest.event;
import static microdot.nats.NatsStoreTest.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nats.client.NKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a store logs in: a token, and a file of credentials that an operator's account issued. */
@Timeout(120)
class NatsLoginTest {
    private static final SecureRandom RANDOM = new SecureRandom();

    @TempDir Path folder;

    private static void assertWorks(NatsStore store) throws Exception {
        try (store) {
            var tail = new RecordedTail();
            store.open(tail);
            append(store, event("a", "1"));
            tail.awaitEntries(1);
            assertEquals(1, store.read("a", 0, Long.MAX_VALUE, 1000).entries().size());
        }
    }

    private static void assertRefused(NatsStore store, String hidden) {
        try (store) {
            var failure = assertThrows(StoreException.class, () -> store.open(new RecordedTail()));
            assertTrue(message(failure).contains("uthenti"), message(failure));
            assertFalse(message(failure).contains(hidden), message(failure));
        }
    }

    @Test
    void tokenIsShownToTheServer() throws Exception {
        try (var server = new NatsServer(folder, "authorization { token: t0ken }")) {
            assertWorks(NatsStore.connect(server.url()).token("t0ken"));
            assertRefused(NatsStore.connect(server.url()).token("another"), "another");
            assertRefused(NatsStore.connect(server.url()), "t0ken");
        }
    }

    @Test
    void credentialsOfAnAccountAreUsed() throws Exception {
        NKey operator = NKey.createOperator(RANDOM);
        NKey system = NKey.createAccount(RANDOM);
        NKey account = NKey.createAccount(RANDOM);
        String trust =
                """
                operator: %s
                system_account: %s
                resolver: MEMORY
                resolver_preload: { %s: %s, %s: %s }
                """
                        .formatted(
                                claim(operator, operator, "\"type\":\"operator\""),
                                key(system),
                                key(system),
                                claim(operator, system, limits(0)),
                                key(account),
                                claim(operator, account, limits(-1)));
        try (var server = new NatsServer(folder, trust)) {
            NKey user = NKey.createUser(RANDOM);
            Path file = credentials("user.creds", claim(account, user, user()), user);
            assertWorks(NatsStore.connect(server.url()).credentials(file));

            NKey stranger = NKey.createUser(RANDOM);
            String foreign = claim(NKey.createAccount(RANDOM), stranger, user());
            Path unknown = credentials("unknown.creds", foreign, stranger);
            assertRefused(NatsStore.connect(server.url()).credentials(unknown), foreign);
            Path stolen = credentials("stolen.creds", claim(account, user, user()), stranger);
            assertRefused(NatsStore.connect(server.url()).credentials(stolen), "SUA");
        }
    }

    @Test
    void fileThatCannotBeReadIsRefusedAtOnce() {
        NatsStore store = NatsStore.connect("nats://localhost");
        Path missing = folder.resolve("missing.creds");
        var error = assertThrows(IllegalArgumentException.class, () -> store.credentials(missing));
        assertEquals(
                "credentials: " + missing + " (expected: a file that can be read)",
                error.getMessage());
    }

    @Test
    void urlThatIsNoneIsRefusedAtOnceWithoutItsPassword() {
        for (String url :
                List.of(
                        "",
                        "http://localhost:4222",
                        "nats://",
                        "nats://localhost:port",
                        "nats://localhost:65536",
                        "nats://user:secret@a b")) {
            var error = assertThrows(IllegalArgumentException.class, () -> NatsStore.connect(url));
            String start = "server: \"" + url.replace("user:secret@", "") + "\" (expected: a URL";
            String message = String.valueOf(error.getMessage());
            assertTrue(message.startsWith(start), message);
        }
        for (String url :
                List.of("localhost", "nats://[::1]:4222", "tls://user:pass%40word@host")) {
            NatsStore.connect(url);
        }
    }

    private static String key(NKey of) throws Exception {
        return new String(of.getPublicKey());
    }

    private static String limits(int jetStream) {
        String limits =
                "\"limits\":{\"subs\":-1,\"data\":-1,\"payload\":-1,\"imports\":-1,\"exports\":-1,"
                        + "\"wildcards\":true,\"conn\":-1,\"leaf\":-1,\"mem_storage\":N,"
                        + "\"disk_storage\":N,\"streams\":N,\"consumer\":N},\"type\":\"account\"";
        return limits.replace("N", "" + jetStream);
    }

    private static String user() {
        return "\"pub\":{},\"sub\":{},\"subs\":-1,\"data\":-1,\"payload\":-1,\"type\":\"user\"";
    }

    /** What one key says about another, signed: a JWT as nsc makes it. */
    private static String claim(NKey issuer, NKey subject, String nats) throws Exception {
        String head = encoded("{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}".getBytes(UTF_8));
        String body =
                "{\"jti\":\"test\",\"iat\":1700000000,\"iss\":\"%s\",\"name\":\"test\",\"sub\":\"%s\","
                        .concat("\"nats\":{%s,\"version\":2}}")
                        .formatted(key(issuer), key(subject), nats);
        String signed = head + "." + encoded(body.getBytes(UTF_8));
        return signed + "." + encoded(issuer.sign(signed.getBytes(UTF_8)));
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private Path credentials(String name, String jwt, NKey key) throws Exception {
        return Files.writeString(
                folder.resolve(name),
                """
                -----BEGIN NATS USER JWT-----
                %s
                ------END NATS USER JWT------

                -----BEGIN USER NKEY SEED-----
                %s
                ------END USER NKEY SEED------
                """
                        .formatted(jwt, new String(key.getSeed())));
    }
}
