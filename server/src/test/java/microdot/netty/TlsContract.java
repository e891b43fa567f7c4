package microdot.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.Tls;
import microdot.sse.Sse;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS: what every library of TLS must do, with every {@link microdot.netty.io.IoMode}. */
@Timeout(60)
abstract class TlsContract extends TransportContract {
    @TempDir private static Path folder;
    private static TestCertificate certificate;

    @BeforeAll
    static void makeCertificate() {
        certificate = TestCertificate.make(folder, "EC", "one.example", "*.wild.example");
    }

    private static Tls tls() {
        return Tls.keyStore(certificate.store(), TestCertificate.PASSWORD);
    }

    private static Microdot app() {
        return new Microdot().get("/", request -> request.scheme() + " " + request.host());
    }

    private Served served(Microdot app, Tls tls) {
        return served(app, new ServerOptions().tls(tls));
    }

    @Test
    void pemFilesAreServed() throws Exception {
        Path chain = certificate.writeChain(folder.resolve("chain.pem"));
        Path key = certificate.writeKey(folder.resolve("key.pem"));
        try (Served served = served(app(), Tls.pem(chain, key));
                RawClient client = served.client()) {
            client.send("GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
            assertEquals("https one.example", client.readText());
            client.send("GET / HTTP/1.1\r\nHost: two.example\r\n\r\n");
            assertEquals("https two.example", client.readText());
            assertEquals(certificate.certificate(), client.tls().getPeerCertificates()[0]);
            assertEquals("TLSv1.3", client.tls().getProtocol());
        }
    }

    @Test
    void http11IsChosenByAlpn() throws Exception {
        try (Served served = served(app(), tls());
                RawClient client =
                        served.client(
                                socket -> {
                                    var parameters = socket.getSSLParameters();
                                    parameters.setApplicationProtocols(
                                            new String[] {"spdy/1", "http/1.1"});
                                    socket.setSSLParameters(parameters);
                                })) {
            client.get("/").readText();
            assertEquals("http/1.1", client.socket().getApplicationProtocol());
        }
    }

    @Test
    void tls12IsSpokenAndOlderVersionsAreRefused() throws Exception {
        try (Served served = served(app(), tls())) {
            try (RawClient client = served.client(only("TLSv1.2"))) {
                client.get("/").readText();
                String suite = client.tls().getCipherSuite();
                assertTrue(suite.startsWith("TLS_ECDHE_ECDSA_WITH_"), suite);
            }
            try (RawClient client = served.client(only("TLSv1.1"))) {
                assertThrows(SSLException.class, () -> client.get("/"));
            } catch (IllegalArgumentException | SSLException unsupportedByThisJava) {
                assertTrue(true);
            }
        }
    }

    private static RawClient.Setup only(String protocol) {
        return socket -> socket.setEnabledProtocols(new String[] {protocol});
    }

    @Test
    void filesAndLongBodiesAreWhole() throws Exception {
        byte[] bytes = new byte[5_000_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((i * 31) >> 3);
        }
        Path file = Files.write(folder.resolve("file.bin"), bytes);
        var app =
                new Microdot()
                        .get("/file", request -> Response.file(file))
                        .get(
                                "/bytes",
                                request -> Response.bytes(bytes, "application/octet-stream"));
        try (Served served = served(app, tls());
                RawClient client = served.client()) {
            for (String path : new String[] {"/file", "/bytes", "/file"}) {
                assertTrue(Arrays.equals(bytes, client.get(path).readBody()), path);
            }
        }
    }

    @Test
    void clientWithoutTlsGets400() throws Exception {
        try (Served served = served(app(), tls());
                RawClient client = new RawClient(served.server.port())) {
            String answer = client.get("/").readAll();
            assertTrue(answer.startsWith("HTTP/1.1 400 ") && answer.contains("https://"), answer);
        }
    }

    @Test
    void whatIsNoHandshakeEndsTheConnectionOnly() throws Exception {
        try (Served served = served(app(), tls())) {
            for (String text :
                    new String[] {"\u0016\u0003\u0001\u0000\u0005hello", "\u0080\u0000"}) {
                try (RawClient client = new RawClient(served.server.port())) {
                    client.send(text).readAll();
                }
            }
            try (RawClient client = served.client()) {
                assertEquals("https localhost", client.get("/").readText());
            }
        }
    }

    @Test
    void startFailsWithTheFileThatCannotBeUsed() throws Exception {
        Path missing = folder.resolve("missing.pem");
        Path chain = certificate.writeChain(folder.resolve("a.pem"));
        Path other =
                TestCertificate.make(folder, "EC", "other.example")
                        .writeKey(folder.resolve("other.pem"));
        assertRefused(Tls.pem(missing, chain), missing + " does not exist");
        assertRefused(Tls.pem(chain, chain), "a.pem has CERTIFICATE (expected: -----BEGIN PRIVATE");
        assertRefused(Tls.pem(chain, other), "the private key of the first certificate of");
        assertRefused(Tls.keyStore(certificate.store(), "wrong"), "a key store and its password");
        assertRefused(Tls.keyStore(chain, "x"), "a key store and its password");
        String isFolder = folder + " (expected: a file): it is a folder";
        assertRefused(Tls.pem(folder, chain), "Tls.pem: " + isFolder);
        assertRefused(Tls.pem(chain, folder), "Tls.pem: " + isFolder);
        assertRefused(Tls.keyStore(folder, "x"), "Tls.keyStore: " + isFolder);
        Tls pair = Tls.pem(chain, certificate.writeKey(folder.resolve("a-key.pem")));
        assertRefused(
                pair.requireClientCertificates(missing),
                "Tls.requireClientCertificates: " + missing + " does not exist");
        assertRefused(
                pair.acceptClientCertificates(missing),
                "Tls.acceptClientCertificates: " + missing + " does not exist");
    }

    private void assertRefused(Tls tls, String text) {
        var options = new ServerOptions().host("127.0.0.1").port(0).tls(tls);
        IOException refusal =
                assertThrows(
                        IOException.class,
                        () -> NettyServer.start(app()::route, options, wire().io));
        assertTrue(String.valueOf(refusal.getMessage()).contains(text), refusal::getMessage);
    }

    @Test
    void changedFilesAreServedToNewConnectionsOnly() throws Exception {
        Path chain = certificate.writeChain(folder.resolve("changing.pem"));
        Path key = certificate.writeKey(folder.resolve("changing-key.pem"));
        TestCertificate next = TestCertificate.make(folder, "EC", "renewed.example");
        try (Served served = served(app(), Tls.pem(chain, key));
                RawClient open = served.client()) {
            open.get("/").readText();
            var server = (NettyServer) served.server;
            next.writeChain(chain);
            server.lookAtCertificates();
            server.lookAtCertificates(); // The pair does not fit: the old one is served.
            server.lookAtCertificates();
            assertEquals(certificate.certificate(), shownTo(served));
            assertEquals(1, served.logged.complaints("the private key of the first").size());
            next.writeKey(key);
            server.lookAtCertificates();
            server.lookAtCertificates();
            assertEquals(next.certificate(), shownTo(served));
            assertEquals("https localhost", open.get("/").readText());
            served.expectFailures(1);
        }
    }

    private static Certificate shownTo(Served served) throws Exception {
        return shown(served, socket -> {});
    }

    /** With a new context: a client that resumes a session is shown no certificate. */
    private static Certificate shown(Served served, RawClient.Setup setup) throws Exception {
        SSLContext clients = TestCertificate.clients(null);
        try (var client = new RawClient(served.server.port(), 0, clients, setup)) {
            client.get("/").readText();
            return client.tls().getPeerCertificates()[0];
        }
    }

    @Test
    void certificateIsThatOfTheHostThatTheClientAsksFor() throws Exception {
        TestCertificate rsa = TestCertificate.make(folder, "RSA", "rsa.example");
        Tls both = tls().and(Tls.keyStore(rsa.store(), TestCertificate.PASSWORD));
        try (Served served = served(app(), both)) {
            assertEquals(rsa.certificate(), shown(served, "RSA.example"));
            assertEquals(certificate.certificate(), shown(served, "one.example"));
            assertEquals(certificate.certificate(), shown(served, "a.wild.example"));
            assertEquals(certificate.certificate(), shown(served, "unknown.example"));
        }
    }

    private static Certificate shown(Served served, String host) throws Exception {
        return shown(
                served,
                socket -> {
                    var parameters = socket.getSSLParameters();
                    parameters.setServerNames(List.of(new SNIHostName(host)));
                    socket.setSSLParameters(parameters);
                });
    }

    @Test
    void clientCertificatesAreRequiredOrAccepted() throws Exception {
        TestCertificate own = TestCertificate.make(folder, "EC", "client.example");
        TestCertificate stranger = TestCertificate.make(folder, "EC", "stranger.example");
        Path authorities = own.writeChain(folder.resolve("authorities.pem"));
        var app = new Microdot().get("/", request -> "" + request.clientCertificate().isPresent());
        try (Served served = served(app, tls().acceptClientCertificates(authorities))) {
            assertEquals("true", textFor(served, own));
            assertEquals("false", textFor(served, null));
        }
        try (Served served = served(namingApp(), tls().requireClientCertificates(authorities))) {
            assertEquals("CN=client.example", textFor(served, own));
            assertThrows(IOException.class, () -> textFor(served, null));
            assertThrows(IOException.class, () -> textFor(served, stranger));
        }
    }

    /** Answers with the name in the certificate of its client. */
    private static Microdot namingApp() {
        return new Microdot()
                .get(
                        "/",
                        request ->
                                request.clientCertificate()
                                        .orElseThrow()
                                        .getSubjectX500Principal()
                                        .getName());
    }

    private static String textFor(Served served, @Nullable TestCertificate own) throws IOException {
        SSLContext clients = TestCertificate.clients(own);
        try (var client = new RawClient(served.server.port(), 0, clients, socket -> {})) {
            return client.get("/").readText();
        } catch (AssertionError ended) {
            throw new IOException(ended);
        }
    }

    @Test
    void sessionsAreResumed() throws Exception {
        try (Served served = served(app(), tls())) {
            for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
                long first = sessionCreated(served, protocol);
                assertEquals(first, sessionCreated(served, protocol), protocol);
            }
        }
    }

    @Test
    void resumedSessionHasTheCertificateOfItsClient() throws Exception {
        TestCertificate own = TestCertificate.make(folder, "EC", "returning.example");
        Path authorities = own.writeChain(folder.resolve("returning.pem"));
        SSLContext clients = TestCertificate.clients(own);
        try (Served served = served(namingApp(), tls().requireClientCertificates(authorities))) {
            for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
                var created = new ArrayList<Long>();
                for (int i = 0; i < 2; i++) {
                    int port = served.server.port();
                    try (var client = new RawClient(port, 0, clients, only(protocol))) {
                        assertEquals("CN=returning.example", client.get("/").readText());
                        created.add(client.tls().getCreationTime());
                    }
                }
                assertEquals(created.getFirst(), created.getLast(), protocol);
            }
        }
    }

    /** Clients of one context resume the session of an earlier client. */
    private static long sessionCreated(Served served, String protocol) throws Exception {
        try (RawClient client = served.client(only(protocol))) {
            client.get("/").readText(); // After it, the ticket was read too.
            return client.tls().getCreationTime();
        }
    }

    @Test
    void handshakeThatTakesTooLongEndsTheConnection() throws Exception {
        var options = new ServerOptions().tls(tls()).headTimeout(Duration.ofMillis(200));
        try (Served served = served(app(), options);
                var silent = new RawClient(served.server.port());
                var slow = new RawClient(served.server.port())) {
            slow.send("\u0016\u0003\u0001");
            assertEquals("", silent.readAll());
            assertEquals("", slow.readAll());
        }
    }

    @Test
    void memoryOfUnreadEventsIsCountedUntilTheClientLeaves() throws Exception {
        var topics = new Topics();
        var app = new Microdot().get("/events", topics.stream("topic"));
        try (Served served = served(app, tls())) {
            try (RawClient client = served.client(4096)) {
                client.get("/events").readHead();
                topics.publish("topic", "x".repeat(15 << 20)); // More than the socket buffers hold.
                await(() -> served.server.stats().memory() >= 60_000);
                assertEquals(1, served.server.stats().waiting());
            }
            served.awaitNothingOpen();
            await(() -> served.server.stats().waiting() == 0);
        }
    }

    private static void await(BooleanSupplier condition) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean() && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertTrue(condition.getAsBoolean());
    }

    @Test
    void clientThatLeavesWithOrWithoutCloseNotifyHasClosedItsStream() throws Exception {
        var topics = new Topics();
        var app = new Microdot().get("/events", topics.stream("topic"));
        try (Served served = served(app, tls())) {
            RawClient closing = served.client().get("/events");
            closing.readHead();
            closing.close();
            RawClient truncating = served.client().get("/events");
            truncating.readHead();
            truncating.truncate();
            served.awaitNothingOpen();
            assertEquals(2, served.server.stats().ended().get(CloseReason.CLIENT_CLOSED));
        }
    }

    /** Without it, a client could not tell that nobody has cut the connection. */
    @Test
    void endsOfStreamsAndResponsesAreFollowedByACloseNotify() throws Exception {
        SseHandler once = (request, sse) -> sse.send("once");
        var app = app().get("/events", Sse.withSse(once));
        try (Served served = served(app, tls())) {
            for (String path : new String[] {"/events", "/"}) {
                String head = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
                assertTrue(endsWithCloseNotify(served, head), path);
            }
        }
    }

    private static boolean endsWithCloseNotify(Served served, String request) throws Exception {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), served.server.port());
        try (SocketChannel channel = SocketChannel.open(address)) {
            var tls = new ClientTls(TestCertificate.clients(null).createSSLEngine());
            tls.begin(channel, request.getBytes(US_ASCII));
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            var text = new StringBuilder();
            for (int count; (count = channel.read(buffer.clear())) > 0; ) {
                tls.received(
                        channel,
                        buffer.array(),
                        count,
                        (bytes, length) -> text.append(new String(bytes, 0, length, US_ASCII)));
            }
            assertTrue(text.toString().startsWith("HTTP/1.1 200"), text::toString);
            return tls.isEnded();
        }
    }

    @Test
    void startLineNamesTheLibrary() {
        try (Served served = served(app(), tls())) {
            String lines = served.logged.lines().stream().collect(Collectors.joining("\n"));
            assertTrue(lines.contains(", TLS by " + provider()), lines);
        }
    }

    abstract String provider();

    @Override
    ServerOptions changed(ServerOptions options) {
        System.setProperty("microdot.boringssl", String.valueOf(provider().equals("BoringSSL")));
        return options;
    }
}
