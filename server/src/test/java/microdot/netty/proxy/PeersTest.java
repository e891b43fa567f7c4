package microdot.netty.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import microdot.Headers;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeersTest {
    private static final ServerOptions DEFAULT = new ServerOptions();
    private static final SocketAddress UNIX = new DomainSocketAddress("/run/app.sock");

    /** A connection from another machine, or from this one. */
    private static final class Accepted extends EmbeddedChannel {
        private final SocketAddress local;
        private final SocketAddress remote;

        Accepted(SocketAddress local, SocketAddress remote) {
            this.local = local;
            this.remote = remote;
        }

        @Override
        public SocketAddress localAddress() {
            return local;
        }

        @Override
        public SocketAddress remoteAddress() {
            return remote;
        }
    }

    private static Peer peer(ServerOptions options, String local, String remote) {
        return new Peers(options)
                .of(
                        new Accepted(
                                new InetSocketAddress(local, 5000),
                                new InetSocketAddress(remote, 4711)));
    }

    private static Peer loopback(ServerOptions options) {
        return peer(options, "127.0.0.1", "127.0.0.1");
    }

    private static Peer network(ServerOptions options) {
        return peer(options, "192.0.2.1", "203.0.113.7");
    }

    private static boolean isAllowed(Peer peer, @Nullable String host) {
        return peer.hostFault(host) == null;
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, true",
        "localhost:5000, true",
        "LocalHost:5000, true",
        "localhost.:5000, true",
        "app.localhost, true",
        "a.b.LOCALHOST., true",
        "127.0.0.1, true",
        "127.0.0.1:5000, true",
        "192.168.1.5:5000, true",
        "[::1], true",
        "[::1]:5000, true",
        "[::ffff:127.0.0.1]:5000, true",
        "'', true",
        ":5000, true",
        "evil.example, false",
        "evil.example:5000, false",
        "localhost.evil.example, false",
        "evillocalhost, true",
        "localhost.., false",
        "127.0.0.1.evil.example, false",
        "127.1, false",
        "raspberry-pi:5000, true",
        "2130706433, false",
        "0x7f000001, false",
        "127.0.0.1%2eevil.example, false",
        "[evil], false",
        "[::1%25lo], false"
    })
    void loopbackIsAskedForByAddressOrLocalhost(String host, boolean allowed) {
        assertEquals(allowed, isAllowed(loopback(DEFAULT), host));
        assertEquals(allowed, isAllowed(peer(DEFAULT, "::1", "::1"), host));
        assertTrue(isAllowed(network(DEFAULT), host), "only loopback is checked");
    }

    @Test
    void requestWithoutHostIsAllowed() {
        assertTrue(isAllowed(loopback(DEFAULT), null));
        assertTrue(isAllowed(network(DEFAULT.hosts("app.example")), null));
    }

    @Test
    void nameThatTheServerListensOnIsServed() {
        ServerOptions options = DEFAULT.host("App.Test");
        assertTrue(isAllowed(loopback(options), "app.test:5000"));
        assertEquals(false, isAllowed(loopback(options), "evil.test"));
    }

    @Test
    void unixSocketIsNotChecked() {
        Peer peer = new Peers(DEFAULT).of(new Accepted(UNIX, UNIX));
        assertTrue(isAllowed(peer, "evil.example"));
        assertEquals(UNIX, peer.origin(new Headers(), null).client());
    }

    @Test
    void proxiesMayPassOnAnyHost() {
        assertTrue(isAllowed(loopback(DEFAULT.trustedProxies("127.0.0.1")), "app.example"));
        assertTrue(isAllowed(loopback(DEFAULT.proxyProtocol(true)), "app.example"));
        assertTrue(isAllowed(loopback(DEFAULT.hosts("*")), "app.example"));
        assertTrue(isAllowed(network(DEFAULT.hosts("*")), "app.example"));
    }

    @ParameterizedTest
    @CsvSource({
        "app.example, true",
        "APP.example.:443, true",
        "a.example.org, true",
        "a.b.example.org, true",
        "192.0.2.1:5000, true",
        "[2001:DB8::1], true",
        "example.org, false",
        ".example.org, false",
        "notexample.org, false",
        "a.app.example, false",
        "app.example.evil, false",
        "192.0.2.2, false",
        "evil.example, false"
    })
    void hostsAreTheOnlyOnesOnEveryConnection(String host, boolean allowed) {
        ServerOptions options =
                DEFAULT.hosts("App.Example", "*.example.org", "192.0.2.1", "2001:db8::1");
        assertEquals(allowed, isAllowed(network(options), host));
        assertEquals(allowed, isAllowed(loopback(options), host));
        assertEquals(allowed, isAllowed(network(options.trustedProxies("10.0.0.1")), host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:5000", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]:80"})
    void withHostsLoopbackIsStillAskedForByItsOwnNames(String host) {
        ServerOptions options = DEFAULT.hosts("app.example");
        assertTrue(isAllowed(loopback(options), host));
        assertEquals(false, isAllowed(network(options), host));
        assertEquals(false, isAllowed(loopback(options), "203.0.113.9"));
    }

    @Test
    void faultNamesTheHostAndTheSettings() {
        String fault = loopback(DEFAULT).hostFault("evil.example:5000");
        assertEquals(
                "host: \"evil.example:5000\" (expected: localhost, *.localhost, an address or a name without a dot;"
                        + " ServerOptions.hosts allows further names,"
                        + " ServerOptions.trustedProxies a proxy in front)",
                fault);
        String restricted = network(DEFAULT.hosts("app.example")).hostFault("x".repeat(9_000));
        assertNotNull(restricted);
        assertTrue(restricted.contains("xx…\" (expected: one of ServerOptions.hosts;"), restricted);
    }

    @Test
    void fieldsOfOthersThanTrustedProxiesAreIgnored() {
        var headers =
                new Headers()
                        .add("X-Forwarded-For", "6.6.6.6")
                        .add("X-Forwarded-Proto", "https")
                        .add("X-Forwarded-Host", "evil.example")
                        .add("Forwarded", "for=6.6.6.6");
        for (ServerOptions options :
                new ServerOptions[] {DEFAULT, DEFAULT.trustedProxies("192.0.2.9")}) {
            RequestOrigin origin = network(options).origin(headers, "app.example");
            assertEquals(new InetSocketAddress("203.0.113.7", 4711), origin.client());
            assertEquals("http", origin.scheme());
            assertEquals("app.example", origin.host());
        }
        RequestOrigin believed =
                network(DEFAULT.trustedProxies("203.0.113.0/24")).origin(headers, "app.example");
        assertEquals(new InetSocketAddress("6.6.6.6", 0), believed.client());
        assertEquals("https", believed.scheme());
        assertEquals("evil.example", believed.host());
        assertNull(network(DEFAULT).origin(headers, null).host());
    }
}
