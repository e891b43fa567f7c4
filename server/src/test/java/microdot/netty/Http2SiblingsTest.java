package microdot.netty;

import static microdot.netty.FrameClient.ACK;
import static microdot.netty.FrameClient.CONTINUATION;
import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.END_HEADERS;
import static microdot.netty.FrameClient.END_STREAM;
import static microdot.netty.FrameClient.ENHANCE_YOUR_CALM;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.INITIAL_WINDOW;
import static microdot.netty.FrameClient.SETTINGS;
import static microdot.netty.FrameClient.fields;
import static microdot.netty.FrameClient.frame;
import static microdot.netty.FrameClient.reset;
import static microdot.netty.FrameClient.window;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client does with one stream of a connection does nothing to the others. */
@Timeout(60)
class Http2SiblingsTest {
    private static final int LARGE = 1 << 30;
    private static final byte[] BODY = new byte[10_000];

    private final Topics topics = new Topics();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch read = new CountDownLatch(3);
    private final Microdot app =
            new Microdot()
                    .get("/topic", topics.stream("t"))
                    .get(
                            "/one",
                            withSse(
                                    (request, sse) -> {
                                        sse.send("x".repeat(1_000));
                                        gate.await();
                                    }))
                    .get("/large", request -> "x".repeat(50_000))
                    .post("/text", request -> "" + request.text().length())
                    .post("/events", withSse((request, sse) -> Thread.sleep(60_000)))
                    .post(
                            "/gate",
                            request -> {
                                int length = request.text().length();
                                read.countDown();
                                gate.await();
                                return "" + length;
                            });

    private Served served() {
        return new Served(app, new ServerOptions(), IoMode.best());
    }

    private static byte[] post(int id, String path) {
        return frame(
                HEADERS,
                END_HEADERS,
                id,
                fields(":method", "POST", ":scheme", "http", ":path", path, ":authority", "x"));
    }

    /** Sends a body of 40,000 bytes, whole. */
    private static void sendBody(FrameClient client, int id) throws Exception {
        for (int i = 0; i < 4; i++) {
            client.send(frame(DATA, i == 3 ? END_STREAM : 0, id, BODY));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%zz", "/a/%", "/a/%ff", "/a/%00"})
    void badTargetIsRefusedAndTheOthersGoOn(String target) throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic").next(HEADERS, 1);
            assertEquals("400", client.get(3, target).outcome(3));
            topics.publish("t", "after");
            assertTrue(client.next(DATA, 1).text().contains("data: after"));
        }
    }

    @Test
    void memoryOfRequestsIsGivenBackWhenTheyEnd() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            for (int id = 1; id < 30; id += 2) {
                client.send(post(id, "/text"));
                sendBody(client, id);
                assertEquals("40000", client.body(id));
            }
            assertEquals(0, served.server.stats().memory());
            assertEquals(0, served.server.stats().waiting());
        }
    }

    @Test
    void memoryOfRequestsIsGivenBackWhenTheirClientLeaves() throws Exception {
        try (Served served = served().allowFailures("cancelled")) {
            try (FrameClient client = FrameClient.of(served)) {
                for (int id = 1; id < 7; id += 2) {
                    client.send(post(id, "/gate"));
                    sendBody(client, id);
                }
                read.await();
                client.send(reset(1));
            }
            served.awaitDisconnected();
            gate.countDown();
            served.awaitNothingOpen();
            assertEquals(0, served.server.stats().waiting());
            assertEquals(0, served.server.stats().memory());
        }
    }

    /** The streams of a connection close after it, and have one account with it. */
    @Test
    void memoryOfUnreadStreamsAndResponsesIsGivenBackWhenTheirClientLeaves() throws Exception {
        try (Served served = served()) {
            try (FrameClient client = FrameClient.of(served, INITIAL_WINDOW, 100)) {
                client.get(1, "/topic").next(HEADERS, 1);
                client.get(3, "/large").next(HEADERS, 3);
                topics.publish("t", "x".repeat(20_000));
                client.next(DATA, 1);
                while (served.server.stats().memory() == 0) {
                    Thread.onSpinWait(); // What waits is counted after what was sent.
                }
                assertEquals(1, served.server.stats().waiting());
            }
            served.awaitNothingOpen();
            awaitNothingWaits(served);
        }
    }

    /** A stream gives its memory back in a task after that which closes the connection. */
    private static void awaitNothingWaits(Served served) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Server.Stats stats = served.server.stats();
        while ((stats.waiting() != 0 || stats.memory() != 0) && System.nanoTime() < patience) {
            Thread.onSpinWait();
            stats = served.server.stats();
        }
        assertEquals(0, stats.waiting());
        assertEquals(0, stats.memory());
    }

    /** Twenty streams whose requests have unread bodies leave the window of the connection open. */
    @Test
    void unreadBodiesOfStreamsDoNotStopOtherBodies() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            for (int id = 1; id < 2 * 40; id += 2) {
                client.send(post(id, "/events"));
                sendBody(client, id);
                client.next(HEADERS, id);
            }
            client.send(post(101, "/text"));
            sendBody(client, 101);
            assertEquals("40000", client.body(101));
        }
    }

    /** The end of a body needs no window, also not where the client has made it negative. */
    @Test
    void streamWithNegativeWindowEnds() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/one").next(DATA, 1);
            client.settings(INITIAL_WINDOW, 0);
            client.next(frame -> frame.type() == SETTINGS && frame.flags() == ACK);
            gate.countDown();
            assertEquals(END_STREAM, client.next(DATA, 1).flags());
        }
    }

    /** What the old windows allowed comes before the new ones are acknowledged. */
    @Test
    void settingsAreAcknowledgedAfterTheFramesThatTheOldOnesAllowed() throws Exception {
        try (Served served = served();
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, 0)) {
            client.get(1, "/topic").next(HEADERS, 1);
            topics.publish("t", "x".repeat(20_000));
            client.send(
                    join(
                            settings(INITIAL_WINDOW, 50_000),
                            settings(INITIAL_WINDOW, 0),
                            window(0, LARGE)));
            int bytes = 0;
            for (int acknowledged = 0; acknowledged < 2; ) {
                FrameClient.Frame next =
                        client.next(
                                frame ->
                                        frame.type() == DATA
                                                || (frame.type() == SETTINGS
                                                        && frame.flags() == ACK));
                acknowledged += next.type() == SETTINGS ? 1 : 0;
                bytes += next.type() == DATA ? next.payload().length : 0;
            }
            assertTrue(bytes > 20_000, () -> "the acknowledgement came before the data");
        }
    }

    /** Also beside a stream: an unfinished head would stay for as long as that does. */
    @Test
    void headThatDoesNotEndIsNotWaitedFor() throws Exception {
        var options = new ServerOptions().headTimeout(Duration.ofMillis(300));
        try (Served served = new Served(app, options, IoMode.best());
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic").next(HEADERS, 1);
            byte[] part = fields("x-long", "y".repeat(9_000));
            client.send(frame(HEADERS, END_STREAM, 3, part));
            client.send(frame(CONTINUATION, 0, 3, fields("x-more", "z")));
            assertEquals(ENHANCE_YOUR_CALM, client.closed());
        }
    }

    private static byte[] settings(int id, int value) {
        byte[] payload = {
            0,
            (byte) id,
            (byte) (value >> 24),
            (byte) (value >> 16),
            (byte) (value >> 8),
            (byte) value
        };
        return frame(SETTINGS, 0, 0, payload);
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
