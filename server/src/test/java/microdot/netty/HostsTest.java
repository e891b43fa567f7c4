package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests for hosts that are not served, on connections of this machine. */
@Timeout(60)
class HostsTest {
    private static final ServerOptions OPTIONS = new ServerOptions().host("127.0.0.1").port(0);

    private final Logged logged = new Logged();

    @AfterEach
    void close() {
        logged.close();
    }

    private static Microdot app() {
        return new Microdot().get("/", request -> "host " + request.host());
    }

    private static String answer(ServerOptions options, IoMode io, String request)
            throws IOException {
        try (NettyServer server = NettyServer.start(app()::route, options, io);
                RawClient client = new RawClient(server.port())) {
            return client.send(request).shutdownOutput().readAll();
        }
    }

    private static String answer(ServerOptions options, String request) throws IOException {
        return answer(options, IoMode.best(), request);
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void nameOfAnotherSiteIsRejectedOnLoopback(IoMode io) throws Exception {
        String accept = "Accept: text/event-stream\r\n\r\n";
        String request = "GET / HTTP/1.1\r\nHost: evil.example:5000\r\n" + accept;
        String answer = answer(OPTIONS, io, request);
        assertTrue(answer.startsWith("HTTP/1.1 421 Misdirected Request\r\n"), answer);
        assertTrue(answer.contains("host: \"evil.example:5000\" (expected: localhost,"), answer);
        assertTrue(answer.contains("ServerOptions.hosts"), answer);
        assertTrue(answer.contains("ServerOptions.trustedProxies"), answer);
        String entry = logged.complaints("a request for the host").getFirst();
        assertTrue(
                entry.startsWith(
                        "a request for the host \"evil.example:5000\" was rejected with 421 (hosts,"
                                + " trustedProxies)"),
                entry);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST.:5000",
                "127.0.0.1:5000",
                "[::1]",
                "a.localhost",
                "raspberrypi:5000"
            })
    void ownNamesAreServed(String host) throws Exception {
        String answer = answer(OPTIONS, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.endsWith("host " + host), answer);
    }

    @Test
    void healthCheckWithoutHostIsServed() throws Exception {
        String answer = answer(OPTIONS, "GET / HTTP/1.0\r\n\r\n");
        assertTrue(answer.endsWith("host null"), answer);
    }

    @Test
    void hostOfTheRequestLineCounts() throws Exception {
        String both = "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n";
        assertTrue(answer(OPTIONS, both).startsWith("HTTP/1.1 421 "));
        String old = "GET http://evil.example/ HTTP/1.0\r\n\r\n";
        assertTrue(answer(OPTIONS, old).startsWith("HTTP/1.1 421 "));
        String local = "GET http://localhost:1/ HTTP/1.0\r\n\r\n";
        assertTrue(answer(OPTIONS, local).endsWith("host localhost:1"));
        String user = "GET http://localhost@evil.example/ HTTP/1.0\r\n\r\n";
        assertTrue(answer(OPTIONS, user).startsWith("HTTP/1.1 400 "));
    }

    @Test
    void otherHostsAreAllowedByASetting() throws Exception {
        String request = "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n";
        for (ServerOptions options :
                new ServerOptions[] {
                    OPTIONS.hosts("app.example"),
                    OPTIONS.hosts("*.example"),
                    OPTIONS.trustedProxies("192.0.2.1")
                }) {
            assertTrue(answer(options, request).endsWith("host app.example"));
        }
        assertTrue(answer(OPTIONS.hosts("other.example"), request).startsWith("HTTP/1.1 421 "));
    }

    @Test
    void hostThatTheProxyNamesIsChecked() throws Exception {
        ServerOptions options = OPTIONS.hosts("app.example").trustedProxies("127.0.0.1");
        String head = "GET / HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nX-Forwarded-Host: ";
        assertTrue(answer(options, head + "app.example\r\n\r\n").endsWith("host app.example"));
        assertTrue(answer(options, head + "evil.example\r\n\r\n").startsWith("HTTP/1.1 421 "));
    }

    @Test
    void rejectionsAreLoggedOnceAMinute() throws Exception {
        String request = "HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n";
        try (NettyServer server = NettyServer.start(app()::route, OPTIONS, IoMode.best())) {
            for (int i = 0; i < 3; i++) {
                try (RawClient client = new RawClient(server.port())) {
                    String answer = client.send(request).shutdownOutput().readAll();
                    assertTrue(answer.startsWith("HTTP/1.1 421 "), answer);
                    assertTrue(answer.endsWith("\r\n\r\n"), answer);
                }
            }
        }
        assertEquals(1, logged.complaints("evil.example").size());
    }
}
