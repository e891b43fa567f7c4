package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import microdot.Body;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What counts when nothing is being handled, and what clients receive when the memory is used up.
 */
@Timeout(60)
class BudgetRejectionTest {
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: x\r\n";

    // No timeout ends a connection within a test.
    private static final ServerOptions SMALL =
            new ServerOptions()
                    .maxMemory(256 << 10)
                    .headTimeout(Duration.ofMinutes(5))
                    .bodyTimeout(Duration.ofMinutes(5))
                    .minRate(0)
                    .idleTimeout(Duration.ofMinutes(5));

    private static final int LARGE = 12 << 20; // More than the kernels buffer.

    @TempDir private Path folder;

    private final List<RawClient> clients = new ArrayList<>();

    private Microdot app() throws IOException {
        Path file = folder.resolve("large"); // Sent by the kernel: it takes no memory here.
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(LARGE);
        }
        return new Microdot()
                .get("/", request -> "home")
                .post("/length", request -> "" + request.body().length)
                .post("/ignores", request -> "ignored")
                .post("/large", request -> new Response(new Body.File(file, 0, LARGE)));
    }

    /** Keeps a connection that has sent the text. */
    private RawClient open(Served served, String text) throws IOException {
        var client = served.client();
        clients.add(client);
        try {
            client.send(text);
        } catch (IOException rejectedAndClosed) {
            // The response says why.
        }
        return client;
    }

    private void closeClients() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
    }

    /** Sends half a request on many connections until the last one is rejected. */
    private void useUp(Served served, String half) throws IOException {
        for (int i = 0; i < 119; i++) {
            open(served, half);
        }
        // Connections go to the event loops in turn, and each loop serves the earlier ones first.
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            served.answer(HEAD + "\r\n");
        }
        String answer = open(served, half).readHead();
        assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
    }

    private static String halfHead() {
        return HEAD + ("b: " + "x".repeat(100) + "\r\n").repeat(12);
    }

    private static int responses(String text) {
        return (int) Pattern.compile("HTTP/1\\.1 ").matcher(text).results().count();
    }

    // ---- What counts ----

    @ParameterizedTest
    @ValueSource(ints = {20, 1})
    void idleConnectionsTakeNoMemory(int fields) throws Exception {
        String field = "b: " + "x".repeat(fields == 1 ? 15_000 : 50) + "\r\n";
        try (Served served = new Served(app(), SMALL, IoMode.best())) {
            for (int i = 0; i < 120; i++) {
                RawClient client = open(served, HEAD + field.repeat(fields) + "\r\n");
                assertEquals("home", client.readText(), "connection " + i);
            }
            for (RawClient client : clients) {
                assertEquals("home", client.get("/").readText());
                client.close();
            }
        }
    }

    @Test
    void requestLinesOfUnfinishedHeadsCount() throws Exception {
        String line = "GET /" + "x".repeat(15_000) + " HTTP/1.1\r\n";
        try (Served served = new Served(app(), SMALL, IoMode.best()).expectFailures(1)) {
            useUp(served, line);
            closeClients();
        }
    }

    @Test
    void requestsAreAnsweredAfterOneWithALongLine() throws Exception {
        String line = HEAD + "b: " + "x".repeat(15_000) + "\r\n\r\n";
        try (Served served = new Served(app(), new ServerOptions(), IoMode.best());
                RawClient client = served.client()) {
            client.send(line.repeat(10) + HEAD);
            for (int i = 0; i < 10; i++) {
                assertEquals("home", client.readText());
            }
            client.send("\r\n" + line);
            assertEquals("home", client.readText());
            assertEquals("home", client.readText());
            client.get("/").shutdownOutput();
            assertEquals(1, responses(client.readAll()));
        }
    }

    // ---- What a client receives ----

    @Test
    void requestGetsOneResponseWhenTheMemoryIsUsedUp() throws Exception {
        String post = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n";
        try (Served served = new Served(app(), SMALL, IoMode.best()).expectFailures(1)) {
            useUp(served, halfHead());
            String answer = open(served, post + "x".repeat(6000)).readAll();
            assertEquals(1, responses(answer), answer);
            assertTrue(answer.contains("\r\nconnection: close\r\n"), answer);
            closeClients();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ignores", "/large"})
    void connectionEndsWhenTheMemoryIsUsedUpByTheRestOfABody(String path) throws Exception {
        String post = "POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        try (Served served = new Served(app(), SMALL, IoMode.best()).expectFailures(1);
                RawClient client = served.client(4096)) {
            client.send(post + "5\r\nhello\r\n");
            String head = client.readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
            useUp(served, halfHead());
            client.send("5;" + "x".repeat(7000));
            assertEquals(0, responses(client.readAll()));
            closeClients();
        }
    }

    @Test
    void clientThatEndsItsSideBehindALongResponseNeedNotSendTheRestOfItsBody() throws Exception {
        String post = "POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
        try (Served served = new Served(app(), SMALL.maxMemory(64 << 20), IoMode.best());
                RawClient client = served.client(4096)) {
            client.send(post + "half").readHead();
            client.shutdownOutput();
            assertEquals(LARGE, client.readAll().length());
        }
    }
}
