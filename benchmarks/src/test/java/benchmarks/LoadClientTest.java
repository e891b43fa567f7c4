package benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import benchmarks.LoadClient.Figures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import microdot.Server;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The load client against our own server: every scenario of the comparison, at a small size. */
@Timeout(60) // A load that misses an event waits for ever.
final class LoadClientTest {
    private static final int FOLLOWERS = 20;
    private static final ServerOptions FREE_PORT = new ServerOptions().host("127.0.0.1").port(0);

    @Test
    void everyEventReachesEveryFollower() throws IOException {
        try (Server server = FanoutServer.app().start(FREE_PORT);
                var client = client(server, new Payload(128))) {
            client.follow("/events", FOLLOWERS);
            client.begin();
            Figures alone = client.closedLoop(1, 30, Duration.ZERO);
            Figures together = client.closedLoop(16, 100, Duration.ZERO);
            Figures paced = client.rate(1000, 50, Duration.ZERO);

            assertEquals("none", client.faults().toString());
            assertEquals(30 * FOLLOWERS, alone.deliveries());
            assertEquals(100 * FOLLOWERS, together.deliveries());
            assertEquals(50 * FOLLOWERS, paced.latencies().count());
            assertEquals(100, together.rounds().count());
            assertTrue(alone.rounds().quantile(0.99) >= alone.rounds().quantile(0.5));
        }
    }

    @Test
    void eachStreamTicksByItself() throws IOException {
        try (Server server = FanoutServer.app().start(FREE_PORT);
                var client = client(server, new Payload(0))) {
            client.follow("/ticks?ms=1", FOLLOWERS);
            long deliveries = 0;
            while (deliveries < 10 * FOLLOWERS) {
                deliveries += client.listen(Duration.ofMillis(20)).deliveries();
            }
            assertEquals("none", client.faults().toString());
        }
    }

    @Test
    void followersCanReconnect() throws IOException {
        try (Server server = FanoutServer.app().start(FREE_PORT);
                var client = client(server, new Payload(10))) {
            client.follow("/events", FOLLOWERS);
            client.closeStreams();
            client.follow("/events", 2);
            client.begin();
            assertEquals(2 * 5, client.closedLoop(1, 5, Duration.ZERO).deliveries());
            assertEquals("none", client.faults().toString());
        }
    }

    @Test
    void connectionsMayBeClosedTwice() throws IOException {
        try (Server server = FanoutServer.app().start(FREE_PORT);
                var connections = new PlainConnections(address(server));
                var client = new LoadClient(connections, new Payload(10))) {
            client.follow("/events", FOLLOWERS);
            client.close();
            connections.close();
        }
    }

    /** A fault that the client does not see would be missing in the comparison. */
    @Test
    void lostEventIsReported() throws IOException {
        try (Server server = LossyServer.app().start(FREE_PORT);
                var client = client(server, new Payload(128))) {
            client.follow("/events", FOLLOWERS);
            client.begin();
            // With two events in flight the second shows that the first is lost.
            assertThrows(
                    IllegalStateException.class,
                    () -> client.closedLoop(2, 30, Duration.ofMinutes(1)));
            assertTrue(client.faults().lost > 0);
        }
    }

    private static LoadClient client(Server server, Payload payload) throws IOException {
        return new LoadClient(new PlainConnections(address(server)), payload);
    }

    private static InetSocketAddress address(Server server) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
    }
}
