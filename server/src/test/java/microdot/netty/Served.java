package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.jspecify.annotations.Nullable;

/**
 * A server for one test. Its close asserts that nothing is left open and that only the failures
 * that the test expects were logged.
 */
final class Served implements AutoCloseable {
    final Server server;
    final Logged logged = new Logged();
    private final @Nullable Http2Gateway gateway;
    private final @Nullable SSLContext clients;
    private int failures;
    private @Nullable Pattern allowed;

    Served(Microdot app, ServerOptions options, IoMode io) {
        this(app, options, io, false);
    }

    /** With a gateway if the server is to be asked over HTTP/2. */
    Served(Microdot app, ServerOptions options, IoMode io, boolean http2) {
        boolean tls = options.tls() != null;
        clients = tls && !http2 ? TestCertificate.clients(null) : null;
        try {
            server = NettyServer.start(app::route, local(options), io);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        gateway = http2 ? new Http2Gateway(server.port(), tls) : null;
    }

    /** Most tests ask for any host; HostsTest has those that are about the host. */
    private static ServerOptions local(ServerOptions options) {
        ServerOptions local = options.host("127.0.0.1").port(0);
        return options.hosts().isEmpty() ? local.hosts("*") : local;
    }

    static Served of(Microdot app) {
        return new Served(app, new ServerOptions(), IoMode.best());
    }

    /** Expects this number of logged failures. */
    Served expectFailures(int count) {
        failures = count;
        return this;
    }

    /** Allows any number of logged failures whose text the pattern finds, beside those expected. */
    Served allowFailures(String pattern) {
        allowed = Pattern.compile(pattern);
        return this;
    }

    /** Returns the port that clients connect to. */
    int port() {
        return gateway == null ? server.port() : gateway.port();
    }

    /** Connects a client, with TLS if the server has it and there is no gateway. */
    RawClient client() throws IOException {
        return client(0);
    }

    /** Returns what clients need for TLS; null if they need none. */
    @Nullable SSLContext tls() {
        return clients;
    }

    /** With a receive buffer of the given size, so that backpressure comes soon. */
    RawClient client(int receiveBuffer) throws IOException {
        return new RawClient(port(), receiveBuffer, clients, socket -> {});
    }

    RawClient client(RawClient.Setup setup) throws IOException {
        return new RawClient(port(), 0, clients, setup);
    }

    /** Sends the bytes, closes the sending side, and returns everything the server responds. */
    String answer(String request) throws IOException {
        try (RawClient client = client()) {
            return client.send(request).shutdownOutput().readAll();
        }
    }

    /** Waits until the server has accepted this many connections. */
    void awaitConnections(int count) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (connections() < count && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(count, connections());
    }

    /** Waits until the server has noticed that all its clients have left. */
    void awaitDisconnected() {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (connections() > 0 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(0, connections());
    }

    private long connections() {
        return gateway == null ? server.stats().connections() : gateway.clients();
    }

    /** Waits until this number of requests count. */
    void awaitRequests(int count) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (server.stats().requests() != count && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(count, server.stats().requests());
    }

    /** Waits until no handler runs. */
    void awaitIdle() {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (server.stats().handlers() > 0 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(0, server.stats().handlers());
    }

    private boolean isNothingOpen() {
        Server.Stats stats = server.stats();
        return stats.connections() == 0 && stats.handlers() == 0 && stats.streams() == 0;
    }

    /** Waits until nothing is open, after the clients of the test have left. */
    void awaitNothingOpen() {
        if (gateway != null) {
            gateway.closeUnused();
        }
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!isNothingOpen() && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertTrue(isNothingOpen(), () -> server.stats().toString());
    }

    @Override
    public void close() {
        try {
            awaitNothingOpen();
            server.close();
            assertTrue(isNothingOpen(), () -> server.stats().toString());
            List<String> complaints =
                    logged.complaints().stream()
                            .filter(text -> allowed == null || !allowed.matcher(text).find())
                            .toList();
            assertEquals(failures, complaints.size(), complaints::toString);
        } finally {
            server.close();
            if (gateway != null) {
                gateway.close();
            }
            logged.close();
        }
    }
}
