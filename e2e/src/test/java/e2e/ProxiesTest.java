package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server behind nginx, HAProxy and Caddy, configured as the guide says. */
@Timeout(180)
class ProxiesTest {
    /** Loopback, so that no packet leaves the machine, and another address than the proxies'. */
    private static final String CLIENT = "127.0.0.2";

    private static final ServerOptions OPTIONS = new ServerOptions().host("127.0.0.1").port(0);
    private static final ServerOptions TRUSTED = OPTIONS.trustedProxies("127.0.0.1");

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

    private static Socket client(int port) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(CLIENT, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private static BufferedReader send(Socket socket, String line, String host, String fields)
            throws IOException {
        String head = line + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        return new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String get(Proxy proxy, String host, String fields) throws IOException {
        try (Socket socket = client(proxy.port())) {
            BufferedReader answer = send(socket, "GET /me", host, "Connection: close\r\n" + fields);
            return String.join("\n", answer.lines().toList());
        }
    }

    /** The text of an answer that may come in chunks. */
    private static void assertAnswer(String expected, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\n"), answer);
        assertTrue(("\n" + answer + "\n").contains("\n" + expected + "\n"), answer);
    }

    private void assertKnowsItsClient(ServerOptions options, Start start) throws Exception {
        try (Server server = server(options);
                Proxy proxy = start.proxy(folder, server.port())) {
            String host = "app.example:8080";
            assertAnswer(CLIENT + " http " + host, get(proxy, host, ""));
            assertAnswer(CLIENT + " http " + host, get(proxy, host, LIES));
            assertStreams(proxy);
        }
    }

    /** Events come one by one: each is published when the one before it has arrived. */
    private void assertStreams(Proxy proxy) throws IOException {
        try (Socket socket = client(proxy.port())) {
            String accept = "Accept: text/event-stream\r\n";
            BufferedReader stream = send(socket, "GET /events", "app.example", accept);
            await("Content-Type: text/event-stream", stream);
            await("", stream);
            for (int i = 0; i < 20; i++) {
                topics.publish("news", "event " + i);
                await("data: event " + i, stream);
            }
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
