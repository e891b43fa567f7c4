package benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Tls;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The load client over TLS and HTTP/2 against our own server, at a small size. */
@Timeout(60) // A load that misses an event waits for ever.
final class SecureConnectionsTest {
    private static final int FOLLOWERS = 20;

    @TempDir private static Path certificate;

    @BeforeAll
    static void makeCertificate() throws IOException, InterruptedException {
        Certificate.make(certificate);
    }

    @ParameterizedTest
    @CsvSource({"TLS,TLSv1.3,1", "TLS,TLSv1.2,1", "HTTP2,TLSv1.3,1", "HTTP2,TLSv1.3,8"})
    void everyEventReachesEveryFollower(Wire wire, String version, int streams) throws IOException {
        try (Server server = FanoutServer.app().start(options());
                var client = client(server, wire, version, streams, new Payload(128))) {
            client.follow("/events", FOLLOWERS);
            client.begin();
            long alone = client.closedLoop(1, 20, Duration.ZERO).deliveries();
            long together = client.closedLoop(16, 40, Duration.ZERO).deliveries();

            assertEquals("none", client.faults().toString());
            assertEquals(20 * FOLLOWERS, alone);
            assertEquals(40 * FOLLOWERS, together);
        }
    }

    @ParameterizedTest
    @CsvSource({"TLS,1", "HTTP2,8"})
    void eachStreamTicksByItself(Wire wire, int streams) throws IOException {
        try (Server server = FanoutServer.app().start(options());
                var client = client(server, wire, "TLSv1.3", streams, new Payload(0))) {
            client.follow("/ticks?ms=1", FOLLOWERS);
            long deliveries = 0;
            while (deliveries < 10 * FOLLOWERS) {
                deliveries += client.listen(Duration.ofMillis(20)).deliveries();
            }
            assertEquals("none", client.faults().toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"TLS,TLSv1.3", "TLS,TLSv1.2", "HTTP2,TLSv1.3"})
    void connectionsResumeTheSessionsOfTheWaveBefore(Wire wire, String version) throws IOException {
        try (Server server = FanoutServer.app().start(options());
                var connections = new SecureConnections(address(server), wire, version, 1);
                var client = new LoadClient(connections, new Payload(10))) {
            int publisher = connections.fullHandshakes();
            for (int wave = 1; wave <= 2; wave++) {
                client.follow("/events", FOLLOWERS);
                assertEquals(wave * FOLLOWERS, connections.fullHandshakes() - publisher);
                client.closeStreams();
                connections.resumeSessions();
                client.follow("/events", FOLLOWERS);
                assertEquals(wave * FOLLOWERS, connections.fullHandshakes() - publisher);
                client.closeStreams();
            }
            assertEquals("none", client.faults().toString());
        }
    }

    /** A fault that the client does not see would be missing in the comparison. */
    @ParameterizedTest
    @CsvSource({"TLS,1", "HTTP2,8"})
    void lostEventIsReported(Wire wire, int streams) throws IOException {
        try (Server server = LossyServer.app().start(options());
                var client = client(server, wire, "TLSv1.3", streams, new Payload(128))) {
            client.follow("/events", FOLLOWERS);
            client.begin();
            // With two events in flight the second shows that the first is lost.
            assertThrows(
                    IllegalStateException.class,
                    () -> client.closedLoop(2, 30, Duration.ofMinutes(1)));
            assertTrue(client.faults().lost > 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"TLS,1", "HTTP2,8"})
    void endedStreamIsReported(Wire wire, int streams) throws IOException {
        try (Server server = FanoutServer.app().start(options());
                var connections = new SecureConnections(address(server), wire, "TLSv1.3", streams);
                var client = new LoadClient(connections, new Payload(128))) {
            client.follow("/events", FOLLOWERS);
            server.close();
            while (client.faults().ended < FOLLOWERS) {
                try {
                    client.listen(Duration.ofMillis(20));
                } catch (IllegalStateException e) {
                    // The connection of the publisher has ended too.
                }
            }
            assertEquals(FOLLOWERS, client.faults().ended);
        }
    }

    @Test
    void serverWithoutTlsIsAnError() throws IOException {
        ServerOptions plain = new ServerOptions().host("127.0.0.1").port(0);
        try (Server server = FanoutServer.app().start(plain)) {
            assertThrows(
                    IllegalStateException.class,
                    () -> {
                        try (var client =
                                client(server, Wire.TLS, "TLSv1.3", 1, new Payload(128))) {
                            client.follow("/events", 1);
                        }
                    });
        }
    }

    private static LoadClient client(
            Server server, Wire wire, String version, int streams, Payload payload)
            throws IOException {
        return new LoadClient(
                new SecureConnections(address(server), wire, version, streams), payload);
    }

    private static ServerOptions options() {
        return new ServerOptions()
                .host("127.0.0.1")
                .port(0)
                .tls(Tls.pem(certificate.resolve("chain.pem"), certificate.resolve("key.pem")));
    }

    private static InetSocketAddress address(Server server) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
    }
}
