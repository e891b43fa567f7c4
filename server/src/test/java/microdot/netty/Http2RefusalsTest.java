package microdot.netty;

import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.END_HEADERS;
import static microdot.netty.FrameClient.END_STREAM;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.fields;
import static microdot.netty.FrameClient.frame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import microdot.AccessLogEntry;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests over HTTP/2 that are refused or rejected: what the client and the access log get. */
@Timeout(60)
class Http2RefusalsTest {
    private static final int MAX_HEAD = 4096;
    private static final int FRAME = 16_384;

    private final BlockingQueue<AccessLogEntry> logged = new LinkedBlockingQueue<>();
    private final Microdot app =
            new Microdot()
                    .get("/", request -> "home")
                    .post("/", request -> request.text())
                    .errorHandler(431, request -> "too much for " + request.path());

    private Served served(ServerOptions options) {
        return new Served(app, options.accessLog(logged::add), IoMode.best());
    }

    private Served served() {
        return served(new ServerOptions().maxHead(MAX_HEAD));
    }

    /** Sends a request with a field of so many bytes, in as many frames as it needs. */
    private static FrameClient send(FrameClient client, int id, int bytes) throws Exception {
        byte[] block =
                fields(
                        (":method GET :scheme http :path / :authority x a " + "y".repeat(bytes))
                                .split(" "));
        var all = new ByteArrayOutputStream();
        for (int from = 0; from < block.length; from += FRAME) {
            int to = Math.min(from + FRAME, block.length);
            int type = from == 0 ? HEADERS : FrameClient.CONTINUATION;
            int flags = (from == 0 ? END_STREAM : 0) | (to == block.length ? END_HEADERS : 0);
            all.writeBytes(frame(type, flags, id, Arrays.copyOfRange(block, from, to)));
        }
        return client.send(all.toByteArray());
    }

    private void assertLogged(String method, String path, int status) throws Exception {
        AccessLogEntry entry = logged.poll(30, TimeUnit.SECONDS);
        assertNotNull(entry, "nothing was logged");
        assertEquals(List.of(method, path), List.of(entry.method(), entry.path()));
        assertEquals(status, entry.outcome().status());
    }

    @Test
    void headThatIsTooLargeReachesErrorHandlersAndTheAccessLog() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            assertEquals("200", send(client, 1, 3800).outcome(1));
            assertLogged("GET", "/", 200);
            for (int bytes : new int[] {MAX_HEAD, 2 * MAX_HEAD, 15_000}) {
                int id = 3 + 2 * (bytes / MAX_HEAD);
                assertEquals("431", send(client, id, bytes).outcome(id));
                assertEquals("too much for /", client.next(DATA, id).text());
                assertLogged("GET", "/", 431);
            }
            assertEquals("200", client.get(99, "/").outcome(99));
        }
    }

    @Test
    void headThatIsFarTooLargeIsLoggedAndOthersOfItsConnectionGoOn() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            assertEquals("431", send(client, 1, 4 * MAX_HEAD + 1000).outcome(1));
            assertLogged("-", "-", 431);
            assertEquals("200", client.get(3, "/").outcome(3));
            assertLogged("GET", "/", 200);
            assertEquals(FrameClient.PROTOCOL_ERROR, send(client, 5, 6 * MAX_HEAD).closed());
        }
    }

    @Test
    void requestWithoutMemoryIsLogged() throws Exception {
        try (Served served = served(new ServerOptions().maxMemory(10_000)).expectFailures(1);
                FrameClient client = FrameClient.of(served)) {
            assertEquals("503", send(client, 1, 12_000).outcome(1));
            assertLogged("GET", "/", 503);
            assertEquals("200", client.get(3, "/").outcome(3));
        }
    }
}
