package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Sse;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that must begin with a PROXY header. */
@Timeout(60)
class ProxyProtocolTest {
    private static final ServerOptions REQUIRED = new ServerOptions().proxyProtocol(true);
    private static final String GET = "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n";
    private static final String V1 = "PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n";
    private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");

    private static Microdot app() {
        return new Microdot()
                .get(
                        "/",
                        request ->
                                request.clientIp()
                                        + " "
                                        + ((InetSocketAddress) request.clientAddress()).getPort()
                                        + " "
                                        + request.scheme())
                .get("/ip", request -> request.clientIp());
    }

    /** A header of version 2: command, family, addresses and ports, then other values. */
    private static byte[] v2(int command, int family, byte[] addresses, byte[] values) {
        return ByteBuffer.allocate(16 + addresses.length + values.length)
                .put(SIGNATURE)
                .put((byte) (0x20 | command))
                .put((byte) family)
                .putShort((short) (addresses.length + values.length))
                .put(addresses)
                .put(values)
                .array();
    }

    private static byte[] tcp4(byte[] values) {
        return v2(1, 0x11, HexFormat.of().parseHex("cb007107c0000201126701bb"), values);
    }

    private static byte[] tls() {
        // Type SSL, its length, the client used TLS, the verification succeeded.
        return HexFormat.of().parseHex("2000050100000000");
    }

    private static byte[] padding(int bytes) {
        byte[] value = new byte[3 + bytes];
        value[0] = 0x04; // NOOP
        value[1] = (byte) (bytes >> 8);
        value[2] = (byte) bytes;
        return value;
    }

    private static byte[] with(byte[] header, String request) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(header);
        all.writeBytes(request.getBytes(StandardCharsets.US_ASCII));
        return all.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String text(Served served, byte[] header) throws IOException {
        try (RawClient client = served.client()) {
            return client.send(with(header, GET)).readText();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void requestKnowsTheClientThatTheHeaderNames(IoMode io) throws Exception {
        byte[] ipv6 =
                HexFormat.of()
                        .parseHex(
                                "20010db8000000000000000000000007"
                                        + "20010db8000000000000000000000001126701bb");
        byte[] mapped =
                HexFormat.of()
                        .parseHex(
                                "00000000000000000000ffffcb007107"
                                        + "00000000000000000000ffffc0000201126701bb");
        try (Served served = new Served(app(), REQUIRED, io)) {
            assertEquals("203.0.113.7 4711 http", text(served, ascii(V1)));
            assertEquals(
                    "2001:db8:0:0:0:0:0:7 4711 http",
                    text(served, ascii("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n")));
            assertEquals("203.0.113.7 4711 http", text(served, tcp4(new byte[0])));
            assertEquals("203.0.113.7 4711 https", text(served, tcp4(tls())));
            assertEquals("203.0.113.7 4711 http", text(served, tcp4(padding(4_000))));
            assertEquals(
                    "2001:db8:0:0:0:0:0:7 4711 http", text(served, v2(1, 0x21, ipv6, new byte[0])));
            assertEquals("203.0.113.7 4711 http", text(served, v2(1, 0x21, mapped, new byte[0])));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void proxyThatSpeaksForItselfIsTheClient(IoMode io) throws Exception {
        byte[] addresses = HexFormat.of().parseHex("cb007107c0000201126701bb");
        try (Served served = new Served(app(), REQUIRED, io)) {
            for (byte[] header :
                    List.of(
                            ascii("PROXY UNKNOWN\r\n"),
                            ascii("PROXY UNKNOWN 203.0.113.7 192.0.2.1 4711 443\r\n"),
                            v2(0, 0x00, new byte[0], new byte[0]),
                            v2(0, 0x11, addresses, new byte[0]),
                            v2(1, 0x00, new byte[0], new byte[0]),
                            v2(1, 0x31, new byte[216], new byte[0]))) {
                String text = text(served, header);
                assertTrue(text.startsWith("127.0.0.1 ") && text.endsWith(" http"), text);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void headerMayArriveByteByByteAndConnectionIsKept(IoMode io) throws Exception {
        try (Served served = new Served(app(), REQUIRED, io);
                RawClient client = served.client()) {
            for (byte b : with(tcp4(tls()), GET)) {
                client.send(new byte[] {b});
            }
            assertEquals("203.0.113.7 4711 https", client.readText());
            assertEquals("203.0.113.7", client.get("/ip").readText());
            // A second header is no request.
            assertTrue(client.send(V1).shutdownOutput().readAll().startsWith("HTTP/1.1 400 "));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                GET,
                "\r\n\r\n" + GET,
                "PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n" + GET,
                "PROXY TCP4 app.example 192.0.2.1 4711 443\r\n" + GET,
                "PROXY TCP4 203.0.113.7 192.0.2.1 70000 443\r\n" + GET,
                "PROXY TCP6 203.0.113.7 192.0.2.1 4711 443\r\n" + GET,
                "PROXY TCP6 fe80::1%lo ::1 4711 443\r\n" + GET,
                "proxy TCP4 203.0.113.7 192.0.2.1 4711 443\r\n" + GET,
                " " + V1 + GET,
                "PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\n" + GET
            })
    void connectionWithoutValidHeaderIsClosed(String input) throws Exception {
        try (Served served = new Served(app(), REQUIRED, IoMode.best()).expectFailures(1);
                RawClient client = served.client()) {
            assertClosed(client.send(input));
            String entry = entry(served);
            assertTrue(entry.startsWith("a connection of /127.0.0.1:"), entry);
            assertTrue(entry.contains(" was closed, because its PROXY header is "), entry);
            assertTrue(entry.contains("(proxyProtocol)"), entry);
        }
    }

    /** The first log entry; it may be written after the connection was closed. */
    private static String entry(Served served) {
        served.server.close();
        return served.logged.complaints("connection of").getFirst();
    }

    /** The client gets no byte; a reset comes if bytes of it were not read. */
    private static void assertClosed(RawClient client) throws IOException {
        assertEquals("", client.readAll().replace(RawClient.RESET, ""));
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void headerHasItsLimits(IoMode io) throws Exception {
        String unknown = "PROXY UNKNOWN " + "x".repeat(100) + "\r\n";
        byte[] wrongVersion = tcp4(new byte[0]);
        wrongVersion[12] = 0x11;
        byte[] truncated = v2(1, 0x11, new byte[4], new byte[0]);
        try (Served served = new Served(app(), REQUIRED, io).expectFailures(1)) {
            for (byte[] header :
                    List.of(
                            ascii(unknown),
                            ascii("PROXY UNKNOWN " + "x".repeat(10_000)),
                            tcp4(padding(5_000)),
                            tcp4(padding(60_000)),
                            wrongVersion,
                            truncated)) {
                try (RawClient client = served.client()) {
                    assertClosed(client.send(with(header, GET)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void headerMustArriveInTime(IoMode io) throws Exception {
        ServerOptions options = REQUIRED.headTimeout(Duration.ofMillis(200));
        try (Served served = new Served(app(), options, io).expectFailures(1);
                RawClient silent = served.client();
                RawClient begun = served.client()) {
            begun.send("PROXY TCP4 ");
            assertClosed(silent);
            assertClosed(begun);
            String entry = entry(served);
            assertTrue(entry.contains("PROXY header did not arrive within headTimeout"), entry);
        }
    }

    @Test
    void timeoutsOfRequestsFollowTheHeader() throws Exception {
        ServerOptions options =
                REQUIRED.idleTimeout(Duration.ofMillis(200)).headTimeout(Duration.ofSeconds(20));
        try (Served served = new Served(app(), options, IoMode.best());
                RawClient client = served.client()) {
            assertEquals("", client.send(V1).readAll());
        }
        ServerOptions late = REQUIRED.headTimeout(Duration.ofMillis(200));
        try (Served served = new Served(app(), late, IoMode.best());
                RawClient client = served.client()) {
            String answer = client.send(V1 + "GET / HTTP/1.1\r\n").readAll();
            assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
        }
        try (Served served = new Served(app(), REQUIRED.maxHead(1_000), IoMode.best());
                RawClient client = served.client()) {
            String answer = client.send(V1 + "GET /" + "x".repeat(1_000)).readAll();
            assertTrue(answer.startsWith("HTTP/1.1 414 "), answer);
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void checkOfTheProxyThatSendsNothingIsNotLogged(IoMode io) throws Exception {
        try (Served served = new Served(app(), REQUIRED, io);
                RawClient client = served.client()) {
            assertEquals("", client.shutdownOutput().readAll());
        }
    }

    @Test
    void serverClosesWhileAHeaderIsAwaited() throws Exception {
        try (Served served = new Served(app(), REQUIRED, IoMode.best());
                RawClient client = served.client()) {
            served.awaitConnections(1);
            served.server.close();
            assertEquals("", client.readAll());
        }
    }

    @Test
    void headerIsBelievedFromTrustedProxiesOnly() throws Exception {
        ServerOptions others = REQUIRED.trustedProxies("192.0.2.1");
        try (Served served = new Served(app(), others, IoMode.best()).expectFailures(1);
                RawClient client = served.client()) {
            assertClosed(client); // It need not say anything.
            String entry = entry(served);
            assertTrue(entry.contains("it did not come from one of trustedProxies"), entry);
        }
        ServerOptions own = REQUIRED.trustedProxies("127.0.0.1");
        try (Served served = new Served(app(), own, IoMode.best());
                RawClient client = served.client()) {
            // The client behind the proxy is not trusted.
            String request = "GET /ip HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
            assertEquals("203.0.113.7", client.send(V1 + request).readText());
        }
        ServerOptions chain = REQUIRED.trustedProxies("127.0.0.1", "203.0.113.0/24");
        try (Served served = new Served(app(), chain, IoMode.best());
                RawClient client = served.client()) {
            String request = "GET /ip HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
            assertEquals("6.6.6.6", client.send(V1 + request).readText());
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void connectionsCountForTheClientOfTheHeader(IoMode io) throws Exception {
        ServerOptions options = REQUIRED.maxConnectionsPerAddress(1);
        String other = "PROXY TCP4 203.0.113.8 192.0.2.1 4711 443\r\n";
        try (Served served = new Served(app(), options, io).expectFailures(1)) {
            try (RawClient first = served.client();
                    RawClient second = served.client();
                    RawClient third = served.client()) {
                assertEquals("203.0.113.7 4711 http", first.send(V1 + GET).readText());
                assertClosed(second.send(V1 + GET));
                assertEquals("203.0.113.8 4711 http", third.send(other + GET).readText());
            }
            served.awaitDisconnected();
            try (RawClient again = served.client()) {
                assertEquals("203.0.113.7 4711 http", again.send(V1 + GET).readText());
            }
            assertTrue(entry(served).startsWith("a new connection of 203.0.113.7 was closed"));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void streamsFollowTheHeader(IoMode io) throws Exception {
        var topics = new Topics();
        Microdot app =
                new Microdot()
                        .get("/topic", topics.stream("news"))
                        .get(
                                "/handler",
                                Sse.withSse((request, sse) -> sse.send(request.clientIp())));
        ServerOptions options = REQUIRED.maxStreamsPerAddress(1);
        try (Served served = new Served(app, options, io);
                RawClient follower = served.client();
                RawClient same = served.client();
                RawClient other = served.client()) {
            String topic = "GET /topic HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n";
            follower.send(V1 + topic).readHead();
            topics.publish("news", "first");
            follower.readTo("data: first\n\n");
            same.send(V1 + topic).readTo("retry: ");
            String handler = "GET /handler HTTP/1.1\r\nHost: x\r\n\r\n";
            other.send("PROXY TCP4 203.0.113.8 192.0.2.1 4711 443\r\n" + handler)
                    .readTo("data: 203.0.113.8\n\n");
            topics.publish("news", "second");
            follower.readTo("data: second\n\n");
        }
        topics.close();
    }
}
