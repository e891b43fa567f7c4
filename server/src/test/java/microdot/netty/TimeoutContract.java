package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
abstract class TimeoutContract extends TransportContract {
    private static final Duration SOON = Duration.ofMillis(200);
    private static final Duration NEVER = Duration.ofDays(1);
    private static final ServerOptions PATIENT =
            new ServerOptions().headTimeout(NEVER).bodyTimeout(NEVER).idleTimeout(NEVER);

    private static Microdot app() {
        return new Microdot()
                .get("/", request -> "home")
                .post("/echo", request -> request.text())
                .get("/big", request -> new byte[32 << 20]);
    }

    @Test
    void slowHeadGets408() throws Exception {
        try (Served served = served(app(), PATIENT.headTimeout(SOON));
                RawClient client = served.client()) {
            assertTrue(client.send("GET / HT").readAll().startsWith("HTTP/1.1 408"));
        }
    }

    @Test
    void slowHeadAfterWholeRequestGets408() throws Exception {
        try (Served served = served(app(), PATIENT.headTimeout(SOON));
                RawClient client = served.client()) {
            client.send("GET / HTTP/1.1\r\n" + HOST + "\r\nGET / HT");
            assertEquals("home", client.readText());
            assertTrue(client.readAll().startsWith("HTTP/1.1 408"));
        }
    }

    /** They are no request. A response would be taken for the response to the next request. */
    @Test
    void connectionThatSendsEmptyLinesIsIdle() throws Exception {
        var options = PATIENT.headTimeout(SOON).idleTimeout(SOON);
        try (Served served = served(app(), options)) {
            try (RawClient client = served.client()) {
                assertEquals("", client.send("\r\n\r\n").readAll());
            }
            try (RawClient client = served.client()) {
                assertEquals("home", client.get("/").readText());
                assertEquals("", client.send("\r\n").readAll());
            }
            try (RawClient client = served.client()) {
                client.send("GET / HTTP/1.1\r\n" + HOST + "\r\n\r\n");
                assertEquals("home", client.readText());
                assertEquals("", client.readAll());
            }
        }
    }

    @Test
    void slowBodyGets408() throws Exception {
        try (Served served = served(app(), PATIENT.bodyTimeout(SOON));
                RawClient client = served.client()) {
            client.send("POST /echo HTTP/1.1\r\n" + HOST + "Content-Length: 9\r\n\r\nab");
            assertTrue(client.readAll().startsWith("HTTP/1.1 408"));
        }
    }

    @Test
    void idleConnectionIsClosed() throws Exception {
        try (Served served = served(app(), PATIENT.idleTimeout(SOON))) {
            try (RawClient client = served.client()) {
                assertEquals("", client.readAll());
            }
            try (RawClient client = served.client()) {
                assertEquals("home", client.get("/").readText());
                assertEquals("", client.readAll());
            }
        }
    }

    @Test
    void clientThatDoesNotReadItsResponseIsDisconnected() throws Exception {
        try (Served served = served(app(), PATIENT.stallTimeout(SOON));
                RawClient keeps = served.client(4096)) {
            keeps.get("/big").readHead();
            // Connected only now, else it would be idle while the other is served.
            try (RawClient closes = served.client(4096)) {
                closes.send("GET /big HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n")
                        .readHead();
                served.awaitNothingOpen();
            }
        }
    }

    @Test
    void clientThatDoesNotReadAFileIsDisconnected(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("large");
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(64 << 20);
        }
        var app =
                new Microdot().get("/", request -> new Response(new Body.File(file, 0, 64 << 20)));
        try (Served served = served(app, PATIENT.stallTimeout(SOON));
                RawClient client = served.client(4096)) {
            client.get("/").readHead();
            served.awaitNothingOpen();
        }
    }

    @Test
    void refusedClientThatDoesNotCloseIsDisconnected() throws Exception {
        try (Served served = served(app(), PATIENT.headTimeout(SOON));
                RawClient client = served.client()) {
            assertTrue(client.send("NONSENSE\r\n\r\n").readAll().startsWith("HTTP/1.1 400"));
            served.awaitNothingOpen();
        }
    }
}
