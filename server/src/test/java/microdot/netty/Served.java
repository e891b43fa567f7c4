package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;

/** A server for one test, which ends by asserting that it left nothing behind. */
final class Served implements AutoCloseable {
    final Server server;

    Served(Microdot app, ServerOptions options) {
        server = app.start(options.host("127.0.0.1").port(0));
    }

    static Served of(Microdot app) {
        return new Served(app, new ServerOptions());
    }

    RawClient client() throws IOException {
        return new RawClient(server.port());
    }

    /** What the server answers to these bytes until it, or this side, has ended. */
    String answer(String request) throws IOException {
        try (RawClient client = client()) {
            return client.send(request).shutdownOutput().readAll();
        }
    }

    /** Waits, as long as it takes, until nothing is open; the test's own timeout bounds it. */
    void awaitNothingOpen() {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        var nothing = new Server.Stats(0, 0, 0);
        while (!server.stats().equals(nothing) && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertEquals(nothing, server.stats());
    }

    @Override
    public void close() {
        server.close();
        assertEquals(new Server.Stats(0, 0, 0), server.stats());
    }
}
