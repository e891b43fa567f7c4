package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server behind nginx, HAProxy and Caddy, configured as the guide says. */
@Timeout(180)
class ProxiesTest {
    /** Loopback, so that no packet leaves the machine, and another address than the proxies'. */
    private static final String CLIENT = "127.0.0.2";

    private static final ServerOptions OPTIONS = new ServerOptions().host("127.0.0.1").port(0);
    private static final ServerOptions TRUSTED = OPTIONS.trustedProxies("127.0.0.1");
    private static final ServerOptions SECURE = TRUSTED.tls(Certificate.get().tls());

    private static final String ACCEPT =
            "Accept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n";

    /** So long that a proxy may think it worth to be compressed. */
    private static final String MISSED = "missed".repeat(300);

    /** What a client sends that wants to be somebody else. */
    private static final String LIES =
            """
            X-Forwarded-For: 6.6.6.6\r
            X-Forwarded-Proto: https\r
            X-Forwarded-Host: evil.example\r
            Forwarded: for=6.6.6.6;proto=https;host=evil.example\r
            """;

    @TempDir Path folder = Path.of("");
    private final Topics topics = new Topics();

    /** What the client speaks to the proxy. */
    private Wire wire = Wire.HTTP_1;

    private interface Start {
        Proxy proxy(Path folder, int server) throws IOException;
    }

    private Server server(ServerOptions options) {
        return new Microdot()
                .get(
                        "/me",
                        request ->
                                request.clientIp() + " " + request.scheme() + " " + request.host())
                .get("/events", topics.stream("news"))
                .start(options);
    }

    private Socket client(int port) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(CLIENT, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        var tls = Certificate.get().trust().getSocketFactory();
        return wire.tls ? tls.createSocket(socket, "app.example", port, true) : socket;
    }

    private static BufferedReader send(Socket socket, String line, String host, String fields)
            throws IOException {
        String head = line + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        return new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private String get(Proxy proxy, String host, String fields) throws IOException {
        try (Socket socket = client(proxy.port())) {
            BufferedReader answer = send(socket, "GET /me", host, "Connection: close\r\n" + fields);
            return String.join("\n", answer.lines().toList());
        }
    }

    /** The text of an answer that may come in chunks. */
    private static void assertAnswer(String expected, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        assertTrue(("\n" + answer + "\n").contains("\n" + expected + "\n"), answer);
    }

    private void assertKnowsItsClient(ServerOptions options, Start start) throws Exception {
        try (Server server = server(options);
                var cable = new Cable(server.port());
                Proxy proxy = start.proxy(folder, cable.port())) {
            String host = "app.example:8080";
            String expected = CLIENT + " " + wire.scheme() + " " + host;
            assertAnswer(expected, get(proxy, host, ""));
            assertAnswer(expected, get(proxy, host, LIES));
            assertStreams(proxy);
            assertResumes(proxy, cable);
            awaitNoStream(server);
        }
    }

    /** Events come one by one: each is published when the one before it has arrived. */
    private void assertStreams(Proxy proxy) throws IOException {
        try (Socket socket = client(proxy.port())) {
            BufferedReader stream = stream(socket, "");
            for (int i = 0; i < 20; i++) {
                topics.publish("news", "event " + i);
                await("data: event " + i, stream);
            }
        }
    }

    /** Opens a stream as browsers do, and reads the head of its response. */
    private static BufferedReader stream(Socket socket, String fields) throws IOException {
        BufferedReader stream = send(socket, "GET /events", "app.example", ACCEPT + fields);
        await("Content-Type: text/event-stream", stream);
        await("", stream);
        return stream;
    }

    /**
     * The connections between the proxy and the server are cut: the client notices the end of its
     * stream, and gets with the next one what it has missed.
     */
    private void assertResumes(Proxy proxy, Cable cable) throws IOException {
        String id;
        try (Socket socket = client(proxy.port())) {
            BufferedReader stream = stream(socket, "");
            id = topics.publish("news", "before");
            await("data: before", stream);
            cable.cut();
            awaitEnd(stream);
        }
        topics.publish("news", MISSED);
        try (Socket socket = client(proxy.port())) {
            BufferedReader stream = stream(socket, "Last-Event-ID: " + id + "\r\n");
            await("data: " + MISSED, stream);
            topics.publish("news", "after");
            await("data: after", stream);
        }
    }

    /** The clients have left: the server learns it at once, not from its next heartbeats. */
    private static void awaitNoStream(Server server) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(12);
        while (server.stats().streams() > 0 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(0, server.stats().streams());
    }

    /** Waits for the last chunk, or for the end of the connection. */
    private static void awaitEnd(BufferedReader stream) {
        try {
            String line = stream.readLine();
            while (line != null && !line.equals("0")) {
                line = stream.readLine();
            }
        } catch (IOException e) {
            // A reset, or TLS without its last message.
        }
    }

    private static void await(String expected, BufferedReader stream) throws IOException {
        @Nullable String line = stream.readLine();
        while (line != null && !line.equalsIgnoreCase(expected)) {
            line = stream.readLine();
        }
        assertEquals(expected, line == null ? "the end" : expected);
    }

    @Test
    void nginx() throws Exception {
        assertKnowsItsClient(TRUSTED, Proxy::nginx);
    }

    @Test
    void haproxy() throws Exception {
        assertKnowsItsClient(TRUSTED, Proxy::haproxy);
    }

    @Test
    void caddy() throws Exception {
        assertKnowsItsClient(TRUSTED, Proxy::caddy);
    }

    @Test
    void haproxyOverHttp2() throws Exception {
        assertKnowsItsClient(
                TRUSTED, (folder, server) -> Proxy.haproxy(folder, server, " proto h2"));
    }

    @Test
    void haproxyOverHttp2AndTls() throws Exception {
        assertKnowsItsClient(SECURE, (folder, server) -> Proxy.haproxy(folder, server, " alpn h2"));
    }

    @Test
    void caddyOverHttp2() throws Exception {
        assertKnowsItsClient(TRUSTED, (folder, server) -> Proxy.caddy(folder, server, " h2c://"));
    }

    @Test
    void caddyOverTls() throws Exception {
        assertKnowsItsClient(SECURE, (folder, server) -> Proxy.caddy(folder, server, " https://"));
    }

    @Test
    void nginxOverTls() throws Exception {
        assertKnowsItsClient(SECURE, Proxy::nginxToTls);
    }

    @Test
    void nginxWithProxyHeader() throws Exception {
        assertKnowsItsClient(TRUSTED.proxyProtocol(true), Proxy::nginxStream);
    }

    @Test
    void nginxWithProxyHeaderBeforeTls() throws Exception {
        wire = Wire.HTTP_1_TLS;
        assertKnowsItsClient(SECURE.proxyProtocol(true), Proxy::nginxStream);
    }

    @ParameterizedTest
    @ValueSource(strings = {"send-proxy", "send-proxy-v2"})
    void haproxyWithProxyHeaderBeforeTls(String option) throws Exception {
        wire = Wire.HTTP_1_TLS;
        ServerOptions options = SECURE.proxyProtocol(true);
        assertKnowsItsClient(options, (folder, server) -> Proxy.tcp(folder, server, option));
    }

    /** The client speaks HTTP/2 with the server through the proxy, which passes on bytes. */
    @Test
    void clientOverHttp2BehindProxyHeader() throws Exception {
        try (Server server = server(SECURE.proxyProtocol(true));
                Proxy proxy = Proxy.tcp(folder, server.port(), "send-proxy-v2");
                HttpClient client =
                        HttpClient.newBuilder()
                                .localAddress(InetAddress.getByName(CLIENT))
                                .sslContext(Certificate.get().trust())
                                .build()) {
            var uri = URI.create("https://localhost:" + proxy.port() + "/me");
            HttpResponse<String> response =
                    client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
            assertEquals(HttpClient.Version.HTTP_2, response.version());
            assertEquals(CLIENT + " https localhost:" + proxy.port(), response.body());
        }
    }

    @Test
    void haproxyWithProxyHeaderOfVersion1() throws Exception {
        ServerOptions options = TRUSTED.proxyProtocol(true);
        assertKnowsItsClient(options, (folder, server) -> Proxy.tcp(folder, server, "send-proxy"));
    }

    @Test
    void haproxyWithProxyHeaderOfVersion2() throws Exception {
        ServerOptions options = TRUSTED.proxyProtocol(true);
        // Its own checks send a LOCAL header and no request.
        String option = "send-proxy-v2-ssl check inter 100ms";
        assertKnowsItsClient(options, (folder, server) -> Proxy.tcp(folder, server, option));
    }

    @Test
    void otherHostIsRejectedUntilItIsNamed() throws Exception {
        try (Server server = server(OPTIONS);
                Proxy proxy = Proxy.nginx(folder, server.port())) {
            String answer = get(proxy, "app.example", "");
            assertTrue(answer.startsWith("HTTP/1.1 421 "), answer);
            assertTrue(answer.contains("ServerOptions.trustedProxies"), answer);
        }
        try (Server server = server(OPTIONS.hosts("app.example"));
                Proxy proxy = Proxy.nginx(folder, server.port())) {
            // Without a trusted proxy, the client is the proxy.
            assertAnswer("127.0.0.1 http app.example", get(proxy, "app.example", LIES));
            assertTrue(get(proxy, "evil.example", "").startsWith("HTTP/1.1 421 "));
        }
    }
}
