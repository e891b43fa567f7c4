package microdot.netty;

import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.END_HEADERS;
import static microdot.netty.FrameClient.END_STREAM;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.fields;
import static microdot.netty.FrameClient.frame;
import static microdot.netty.FrameClient.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The heads of requests and responses over HTTP/2. */
@Timeout(60)
class Http2RequestsTest {
    private static final String GOOD = ":method GET :scheme http :path / :authority x ";

    private final AtomicInteger handled = new AtomicInteger();
    private final Microdot app =
            new Microdot()
                    .get(
                            "/",
                            request -> {
                                handled.incrementAndGet();
                                return "home";
                            })
                    .post(
                            "/",
                            request -> {
                                handled.incrementAndGet();
                                return request.text();
                            })
                    .get("/cookies", request -> request.headers().all("cookie").toString())
                    .get("/host", request -> request.host())
                    .get(
                            "/fields",
                            request ->
                                    Response.text("short")
                                            .header("Connection", "close")
                                            .header("Keep-Alive", "timeout=5")
                                            .header("Transfer-Encoding", "chunked")
                                            .header("Content-Length", "100")
                                            .header("X-Other", "1"));

    private Served served(ServerOptions options) {
        return new Served(app, options, IoMode.best());
    }

    private static FrameClient send(FrameClient client, int id, String... fields) throws Exception {
        return client.send(frame(HEADERS, END_HEADERS | END_STREAM, id, fields(fields)));
    }

    @ParameterizedTest
    @CsvSource({
        "RST_STREAM 1, :scheme http :path / :authority x",
        "RST_STREAM 1, :method GET :path / :authority x",
        "RST_STREAM 1, :method GET :scheme http :authority x",
        "400,          :method GET :scheme http :path /",
        "400,          :method GET :scheme ftp :path / :authority x",
        "400,          :method GET :scheme http :path x :authority x",
        "400,          :method G@T :scheme http :path / :authority x",
        "RST_STREAM 1, " + GOOD + ":path /other",
        "RST_STREAM 1, " + GOOD + ":status 200",
        "RST_STREAM 1, " + GOOD + "a 1 :method GET",
        "RST_STREAM 1, " + GOOD + "connection close",
        "RST_STREAM 1, " + GOOD + "keep-alive timeout=5",
        "RST_STREAM 1, " + GOOD + "proxy-connection close",
        "RST_STREAM 1, " + GOOD + "transfer-encoding chunked",
        "RST_STREAM 1, " + GOOD + "upgrade h2c",
        "RST_STREAM 1, " + GOOD + "te gzip",
        "RST_STREAM 1, " + GOOD + "Upper case",
        "RST_STREAM 1, " + GOOD + "content-length 3",
        "RST_STREAM 1, " + GOOD + "content-length x",
        "RST_STREAM 1, " + GOOD + "content-length 0 content-length 1",
        "400,          :method GET :scheme http :path / :authority x:a",
        "400,          :method GET :scheme http :path / :authority x:1:2",
        "400,          :method GET :scheme http :path / :authority u@x",
        "400,          :method GET :scheme http :path / :authority [::1]a",
        "400,          " + GOOD + "host y",
        "400,          " + GOOD + "host x host x",
        "417,          " + GOOD + "expect more"
    })
    void malformedRequestIsRefusedAndOthersOfItsConnectionAreNot(String outcome, String fields)
            throws Exception {
        try (Served served = served(new ServerOptions());
                FrameClient client = FrameClient.of(served)) {
            send(client, 1, fields.split(" "));
            assertEquals(outcome, client.outcome(1));
            assertEquals(0, handled.get());
            assertEquals("200", client.get(3, "/").outcome(3));
        }
    }

    @ParameterizedTest
    @CsvSource({"2, true", "4, true", "4, false"})
    void bodyWithAnotherLengthThanDeclaredIsRefused(int length, boolean last) throws Exception {
        byte[] head =
                fields(
                        ":method POST :scheme http :path / :authority x content-length 3"
                                .split(" "));
        try (Served served = served(new ServerOptions());
                FrameClient client = FrameClient.of(served)) {
            client.send(frame(HEADERS, END_HEADERS, 1, head));
            client.send(frame(DATA, last ? END_STREAM : 0, 1, new byte[length]));
            assertEquals("RST_STREAM 1", client.outcome(1));
            assertEquals("200", client.get(3, "/").outcome(3));
            served.awaitIdle();
        }
    }

    @Test
    void cookieFieldsAreOneField() throws Exception {
        var fields = new ArrayList<>(List.of(GOOD.replace("/", "/cookies").split(" ")));
        for (int i = 0; i < 20; i++) {
            fields.addAll(List.of("cookie", "n" + i + "=" + i));
        }
        try (Served served = served(new ServerOptions().maxFields(2));
                FrameClient client = FrameClient.of(served)) {
            send(client, 1, fields.toArray(String[]::new));
            String body = client.body(1);
            assertTrue(body.startsWith("[n0=0; n1=1; ") && body.endsWith("; n19=19]"), body);
            send(client, 3, (GOOD + "a 1 b 2").split(" "));
            assertEquals("431", client.outcome(3));
        }
    }

    @Test
    void hostIsTheAuthorityOrTheField() throws Exception {
        try (Served served = served(new ServerOptions());
                FrameClient client = FrameClient.of(served)) {
            send(client, 1, GOOD.replace("/", "/host").split(" "));
            assertEquals("x", client.body(1));
            send(client, 3, ":method GET :scheme http :path /host host y".split(" "));
            assertEquals("y", client.body(3));
            send(client, 5, (GOOD.replace("/", "/host") + "host X").split(" "));
            assertEquals("x", client.body(5).toLowerCase(java.util.Locale.ROOT));
        }
    }

    @Test
    void responseHasNoFieldsOfTheConnection() throws Exception {
        try (Served served = served(new ServerOptions());
                FrameClient client = FrameClient.of(served)) {
            var head = Objects.requireNonNull(client.get(1, "/fields").next(HEADERS, 1).head());
            for (String name : List.of("connection", "keep-alive", "transfer-encoding")) {
                assertNull(head.get(name), name);
            }
            assertEquals("5", String.valueOf(head.get("content-length")));
            assertEquals("1", String.valueOf(head.get("x-other")));
            assertEquals("short", client.body(1));
        }
    }

    @Test
    void headThatIsTooLargeIsRefusedAndOthersOfItsConnectionAreNot() throws Exception {
        try (Served served = served(new ServerOptions().maxHead(4096));
                FrameClient client = FrameClient.of(served)) {
            send(client, 1, (GOOD + "a " + "x".repeat(4096)).split(" "));
            assertEquals("431", client.outcome(1));
            assertEquals("200", client.get(3, "/").outcome(3));
            assertEquals(1, handled.get());
        }
    }

    /** A block of 16 KiB that is 48 MB when it is decoded. */
    @Test
    void fieldsThatRepeatAnEntryOfTheTableAreRefused() throws Exception {
        var block = new ByteArrayOutputStream();
        block.writeBytes(fields(GOOD.split(" ")));
        block.write(0x40); // A literal that becomes the newest entry of the table.
        block.writeBytes(new byte[] {1, 'a'});
        FrameClient.length(block, 4000);
        block.writeBytes("x".repeat(4000).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        byte[] references = new byte[12_000];
        Arrays.fill(references, (byte) (0x80 | 62));
        block.writeBytes(references);
        try (Served served = served(new ServerOptions());
                FrameClient client = FrameClient.of(served)) {
            client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block.toByteArray()));
            assertEquals("431", client.outcome(1));
            assertEquals("200", client.get(3, "/").outcome(3));
            assertEquals(1, handled.get());
        }
    }

    @Test
    void streamsBeyondTheLimitAreRefusedAlthoughTheClientNeverAcknowledgesIt() throws Exception {
        var gate = new java.util.concurrent.CountDownLatch(1);
        var waiting =
                new Microdot()
                        .get(
                                "/",
                                request -> {
                                    handled.incrementAndGet();
                                    gate.await();
                                    return "home";
                                });
        var options = new ServerOptions().maxConcurrentStreams(2);
        try (Served served = new Served(waiting, options, IoMode.best());
                FrameClient client = FrameClient.of(served)) {
            for (int id = 1; id <= 9; id += 2) {
                client.send(request(id, "GET", "/"));
            }
            for (int id = 5; id <= 9; id += 2) {
                assertEquals("RST_STREAM 7", client.outcome(id));
            }
            assertEquals(2, served.server.stats().handlers());
            gate.countDown();
            client.next(FrameClient.Frame::isEnd);
            client.next(FrameClient.Frame::isEnd);
            assertEquals("200", client.get(11, "/").outcome(11));
        }
    }
}
