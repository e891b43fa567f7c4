package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import microdot.Listener;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several listeners of one server, unix domain sockets, and the redirect to HTTPS. */
@Timeout(60)
class ListenersTest {
    private static final String REQUEST =
            "GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\nConnection: close\r\n\r\n";

    @TempDir private Path folder;
    private final Topics topics = new Topics();

    private Microdot app() {
        return new Microdot()
                .get("/who", request -> request.scheme() + " " + request.clientIp())
                .get("/events", topics.stream("topic"));
    }

    private Listener socket() {
        return Listener.of("unix:" + folder.resolve("app.sock"));
    }

    private String ask(String request) throws IOException {
        var address = UnixDomainSocketAddress.of(folder.resolve("app.sock"));
        try (SocketChannel channel = SocketChannel.open(address)) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            byte[] all = Channels.newInputStream(channel).readAllBytes();
            return new String(all, StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void unixSocketServesRequestsAndItsProxyIsBelievedIfTrusted(IoMode io) throws Exception {
        var options = new ServerOptions().listen(socket());
        try (Served served = new Served(app(), options, io)) {
            assertEquals(-1, served.server.port());
            String answer = ask(REQUEST);
            assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
            assertFalse(answer.contains("192.0.2.7"), answer);
            var mode = Files.getPosixFilePermissions(folder.resolve("app.sock"));
            assertEquals("rw-rw----", PosixFilePermissions.toString(mode));
        }
        assertFalse(Files.exists(folder.resolve("app.sock")));
        try (Served served = new Served(app(), options.trustedProxies("unix:"), io)) {
            assertTrue(ask(REQUEST).endsWith("http 192.0.2.7"));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void unixSocketServesStreams(IoMode io) throws Exception {
        try (Served served = new Served(app(), new ServerOptions().listen(socket()), io)) {
            var address = UnixDomainSocketAddress.of(folder.resolve("app.sock"));
            try (SocketChannel channel = SocketChannel.open(address)) {
                String request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
                channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
                var in = Channels.newInputStream(channel);
                var text = new StringBuilder();
                while (text.indexOf("\r\n\r\n") < 0) {
                    text.append((char) in.read());
                }
                topics.publish("topic", "first");
                while (text.indexOf("data: first\n\n") < 0) {
                    text.append((char) in.read());
                }
            }
            served.awaitNothingOpen();
        }
    }

    @Test
    void fileOfAKilledServerIsReplacedAndThatOfARunningOneIsNot() throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("app.sock"));
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address).close();
        assertTrue(Files.exists(folder.resolve("app.sock")));
        var options = new ServerOptions().listen(socket());
        try (Served served = new Served(app(), options, IoMode.best())) {
            assertThrows(BindException.class, () -> NettyServer.start(app()::route, options));
            assertTrue(ask(REQUEST).startsWith("HTTP/1.1 200"));
        }
        Files.writeString(folder.resolve("app.sock"), "a file");
        assertThrows(BindException.class, () -> NettyServer.start(app()::route, options));
    }

    @Test
    void fileOfAnotherServerIsLeftAlone() throws Exception {
        var options = new ServerOptions().listen(socket());
        Path file = folder.resolve("app.sock");
        try (Served first = new Served(app(), options, IoMode.best())) {
            Files.move(file, folder.resolve("old.sock"));
            try (Served second = new Served(app(), options, IoMode.best())) {
                first.server.close();
                assertTrue(ask(REQUEST).startsWith("HTTP/1.1 200"));
                assertEquals(-1, second.server.port());
            }
            assertFalse(Files.exists(file));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void plainAndProxiedAndSecureListenersServeTogether(IoMode io) throws Exception {
        var options =
                TestCertificate.secured(new ServerOptions(), true)
                        .listen(
                                Listener.of("https://127.0.0.1:0"),
                                Listener.of("http://127.0.0.1:0").proxyProtocol(),
                                socket());
        try (Served served = new Served(app(), options, io)) {
            assertTrue(served.answer(REQUEST).endsWith("https 127.0.0.1"));
            assertTrue(ask(REQUEST).contains("HTTP/1.1 200"));
            try (var proxy = new RawClient(((NettyServer) served.server).ports().get(1))) {
                String answer =
                        proxy.send("PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n" + REQUEST).readAll();
                assertTrue(answer.endsWith("http 192.0.2.9"), answer);
            }
        }
    }

    @Test
    void plainPortRedirectsToHttpsAndRejectsOtherHosts() throws Exception {
        var options =
                TestCertificate.secured(new ServerOptions(), true)
                        .redirectHttp(0)
                        .hosts("app.example");
        try (Served served = new Served(app(), options, IoMode.best())) {
            served.expectFailures(1); // The host that is rejected.
            int plain = ((NettyServer) served.server).redirectPort();
            String location = "https://app.example:" + served.server.port();
            for (String target : new String[] {"/a%2Fb/c%20d?q=%26", "/", "//evil.example/x"}) {
                String answer = redirected(plain, "POST " + target, "App.example:80");
                assertTrue(answer.startsWith("HTTP/1.1 308"), answer);
                String expected = "Location: " + location + target;
                assertTrue(answer.contains(expected.replace("app", "App") + "\r\n"), answer);
            }
            assertTrue(redirected(plain, "GET /", "evil.example").startsWith("HTTP/1.1 421"));
        }
    }

    private static String redirected(int port, String line, String host) throws IOException {
        try (var client = new RawClient(port)) {
            return client.send(
                            line
                                    + " HTTP/1.1\r\nHost: "
                                    + host
                                    + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .readAll();
        }
    }

    @Test
    void wrongListenersAreRefused() {
        for (String wrong :
                new String[] {
                    "", "127.0.0.1:1", "unix:", "ftp://x:1", "http://x", "http://x:70000"
                }) {
            assertThrows(IllegalArgumentException.class, () -> Listener.of(wrong), wrong);
        }
        var secure = new ServerOptions().listen(Listener.of("https://127.0.0.1:0"));
        assertThrows(IllegalArgumentException.class, () -> NettyServer.start(app()::route, secure));
        var redirect = new ServerOptions().host("127.0.0.1").port(0).redirectHttp(0);
        assertThrows(
                IllegalArgumentException.class, () -> NettyServer.start(app()::route, redirect));
    }

    @Test
    void startThatFailsLeavesNoSocketFile() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Listener other = Listener.of("http://127.0.0.1:" + taken.getLocalPort());
            var options = new ServerOptions().listen(socket(), other);
            assertThrows(BindException.class, () -> NettyServer.start(app()::route, options));
        }
        try (var left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void reconnectsPerSecondIsLowerWithTls() {
        var options = new ServerOptions();
        assertEquals(500, options.reconnectsPerSecond());
        ServerOptions secure = TestCertificate.secured(options, true);
        assertEquals(150, secure.reconnectsPerSecond());
        assertEquals(700, secure.reconnectsPerSecond(700).reconnectsPerSecond());
    }
}
