package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_ANY;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.SseHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients in their own network namespace, on a wire that can be cut. Needs root, iproute2, nftables
 * and curl. Not over NIO, where the kernel is not asked (TCP_INFO).
 */
@Timeout(120)
class DeadPeerProbeTest {
    private final long id = ProcessHandle.current().pid() % 100_000;
    private final String namespace = "microdot" + id;
    private final String here = "md" + id + "a";
    private final String there = "md" + id + "b";
    private final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();
    private final CountDownLatch vanished = new CountDownLatch(1);
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @BeforeEach
    void wire() throws Exception {
        run("ip netns add " + namespace);
        run("ip link add " + here + " type veth peer name " + there + " netns " + namespace);
        run("ip addr add 10.213.7.1/24 dev " + here);
        run("ip link set " + here + " up");
        run("ip -n " + namespace + " addr add 10.213.7.2/24 dev " + there);
        run("ip -n " + namespace + " addr add 10.213.7.3/24 dev " + there);
        run("ip -n " + namespace + " link set " + there + " up");
    }

    @AfterEach
    void unwire() throws Exception {
        run("ip netns pids " + namespace + " | xargs -r kill");
        // The kernel deletes it with the namespace, but after its last process.
        run("ip link del " + here);
        run("ip netns del " + namespace);
    }

    private static void run(String command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder("bash", "-c", "PATH=$PATH:/usr/sbin:/sbin; " + command)
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(
                0,
                process.waitFor(),
                () -> command + ": " + output + " (expected: root, iproute2, nftables)");
    }

    /** Starts a client in the namespace, which requests a stream. */
    private Process client(Wire wire, String from, int port, String path, String output)
            throws Exception {
        // The route decides which address the client has.
        run("ip -n " + namespace + " route replace 10.213.7.0/24 dev " + there + " src " + from);
        boolean tls = wire.isSecured();
        String version = !wire.http2 ? "http1.1" : tls ? "http2" : "http2-prior-knowledge";
        String script =
                "curl -skN --"
                        + version
                        + " http"
                        + (tls ? "s" : "")
                        + "://10.213.7.1:"
                        + port
                        + path
                        + output;
        return new ProcessBuilder("ip", "netns", "exec", namespace, "bash", "-c", script).start();
    }

    private Microdot app(CountDownLatch begun) {
        SseHandler quiet =
                (request, sse) -> {
                    begun.countDown();
                    try {
                        Thread.sleep(Duration.ofDays(1));
                    } finally {
                        vanished.countDown();
                    }
                };
        SseHandler flood =
                (request, sse) -> {
                    try {
                        for (int i = 0; i < 1000; i++) {
                            sse.send("x".repeat(64 << 10));
                            stalled.countDown();
                        }
                    } finally {
                        released.countDown();
                    }
                };
        return new Microdot()
                .get("/quiet", CloseReasonTest.noting(reasons, withSse(quiet)))
                .get("/flood", withSse(flood));
    }

    /** Drops all packets to and from the address from now on; neither side is notified. */
    private void cut(String address) throws Exception {
        String table = "cut" + address.replace('.', '_');
        run(
                "ip netns exec "
                        + namespace
                        + " nft 'table inet "
                        + table
                        + " { chain in { type filter hook input priority 0; ip daddr "
                        + address
                        + " drop; }; chain out { type filter hook output priority 0; ip saddr "
                        + address
                        + " drop; }; }'");
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"EPOLL_AND_RING", ".*_EPOLL"})
    void vanishedPeerIsDetectedAndPeerThatDoesNotReadIsKept(Wire wire) throws Exception {
        var begun = new CountDownLatch(1);
        Duration heartbeat = Duration.ofMillis(200);
        Duration halfOpen = Duration.ofSeconds(2);
        var options =
                new ServerOptions().host("0.0.0.0").port(0).heartbeat(heartbeat).halfOpen(halfOpen);
        try (var server = app(begun).start(wire.options(options))) {
            Process lazy = client(wire, "10.213.7.3", server.port(), "/flood", " | sleep 1000");
            stalled.await();
            Process lost = client(wire, "10.213.7.2", server.port(), "/quiet", "");
            begun.await();
            cut("10.213.7.2");
            // The kernel alone would take 15 minutes. The server promises the two timeouts plus two
            // ticks, each an eighth of the shorter timeout; the rest is for a busy machine.
            Duration bound = heartbeat.plus(halfOpen).plusSeconds(15);
            assertTrue(
                    vanished.await(bound.toMillis(), TimeUnit.MILLISECONDS),
                    "the vanished peer was not detected within " + bound);
            assertEquals(CloseReason.CLIENT_VANISHED, reasons.poll(20, TimeUnit.SECONDS));
            assertEquals(
                    1,
                    released.getCount(),
                    "the client that lives but does not read was disconnected");
            assertEquals(1, server.stats().streams());
            // Its window is closed: from now on only the kernel's probes are unanswered.
            cut("10.213.7.3");
            assertTrue(
                    released.await(60, TimeUnit.SECONDS),
                    "the peer that vanished while it did not read was not detected");
            lazy.destroy();
            lost.destroy();
        }
    }
}
