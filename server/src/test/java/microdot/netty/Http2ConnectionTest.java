package microdot.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static microdot.netty.FrameClient.ACK;
import static microdot.netty.FrameClient.END_STREAM;
import static microdot.netty.FrameClient.GOAWAY;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.INITIAL_WINDOW;
import static microdot.netty.FrameClient.NO_ERROR;
import static microdot.netty.FrameClient.PING;
import static microdot.netty.FrameClient.PROTOCOL_ERROR;
import static microdot.netty.FrameClient.frame;
import static microdot.netty.FrameClient.request;
import static microdot.netty.FrameClient.reset;
import static microdot.netty.FrameClient.window;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The begin and the end of HTTP/2 connections and their streams. */
@Timeout(60)
class Http2ConnectionTest {
    private static final Duration SOON = Duration.ofMillis(200);
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int LARGER = 200_000;
    private static final ServerOptions PATIENT =
            new ServerOptions().headTimeout(NEVER).bodyTimeout(NEVER).idleTimeout(NEVER);

    @TempDir private Path folder;

    private final Topics topics = new Topics();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final SseHandler sleeper =
            (request, sse) -> {
                begun.countDown();
                try {
                    Thread.sleep(Duration.ofDays(1));
                } catch (InterruptedException e) {
                    ends.add("interrupted");
                    throw e;
                }
            };
    private final Microdot app =
            new Microdot()
                    .get("/", request -> "home")
                    .get("/topic", topics.stream("topic"))
                    .get("/last", topics.stream("topic").last(100))
                    .get("/larger", request -> "x".repeat(LARGER))
                    .get("/large", request -> "x".repeat(16 << 20))
                    .post("/echo", request -> request.text())
                    .post("/early", request -> "without its body")
                    .get("/sleeps", withSse(sleeper))
                    .get(
                            "/slow",
                            request -> {
                                request.onClose(() -> ends.add("left"));
                                begun.countDown();
                                Thread.sleep(NEVER);
                                return "never";
                            });

    private Served served(ServerOptions options, IoMode io) {
        return new Served(app, options, io);
    }

    // ---- Streams ----

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void resetInterruptsTheHandlerOfAStreamAndNoOther(IoMode io) throws Exception {
        try (Served served = served(PATIENT, io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic").next(HEADERS, 1);
            client.get(3, "/sleeps").next(HEADERS, 3);
            begun.await();
            client.send(reset(3));
            assertEquals("interrupted", ends.take());
            while (served.server.stats().streams() > 1) {
                Thread.onSpinWait();
            }
            topics.publish("topic", "next");
            assertTrue(client.next(FrameClient.DATA, 1).text().endsWith("data: next\n\n"));
            assertEquals(1, served.server.stats().ended().get(CloseReason.CLIENT_CLOSED));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void resetReachesTheHandlerOfARequest(IoMode io) throws Exception {
        try (Served served = served(PATIENT.interruptAbandoned(true), io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/slow");
            begun.await();
            client.send(reset(1));
            assertEquals("left", ends.take());
            served.awaitIdle();
            assertEquals("200", client.get(3, "/").outcome(3));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void halfClosedClientEndsItsStreams(IoMode io) throws Exception {
        try (Served served = served(PATIENT, io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/sleeps").next(HEADERS, 1);
            begun.await();
            client.shutdownOutput();
            assertEquals("interrupted", ends.take());
            client.closed();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void drainEndsStreamsWithRetryAndHandlesRequestsInFlight(IoMode io) throws Exception {
        try (Served served = served(PATIENT, io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic").next(HEADERS, 1);
            client.get(3, "/sleeps").next(HEADERS, 3);
            begun.await();
            Thread closing =
                    Thread.startVirtualThread(() -> served.server.close(Duration.ofMillis(300)));
            FrameClient.Frame goAway = client.next(GOAWAY, 0);
            assertEquals(NO_ERROR, goAway.error());
            assertEquals(Integer.MAX_VALUE, goAway.lastStream());
            client.send(request(5, "POST", "/echo"));
            client.send(frame(FrameClient.DATA, END_STREAM, 5, "in flight".getBytes(US_ASCII)));
            var texts = new String[] {"", "", ""};
            for (int ended = 0; ended < 3; ) {
                FrameClient.Frame frame = client.next(next -> next.id() > 0);
                if (frame.head() != null) {
                    assertEquals("200", frame.outcome());
                    continue;
                }
                assertEquals(FrameClient.DATA, frame.type());
                texts[frame.id() / 2] += frame.text();
                ended += frame.isEnd() ? 1 : 0;
            }
            assertTrue(texts[0].contains("retry: "), texts[0]);
            assertTrue(texts[1].contains("retry: "), texts[1]);
            assertEquals("in flight", texts[2]);
            goAway = client.next(GOAWAY, 0);
            assertEquals(NO_ERROR, goAway.error());
            assertEquals(5, goAway.lastStream());
            client.close();
            closing.join();
        }
    }

    /** A response to it would be a reset of the connection, and that would destroy them. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void requestThatComesTooLateDoesNotDestroyTheLastEvents(IoMode io) throws Exception {
        for (int i = 0; i < 20; i++) {
            topics.publish("topic", "x".repeat(1000));
        }
        try (Served served = served(PATIENT.closeTimeout(NEVER), io);
                var client = new FrameClient(served.server.port(), 2048)) {
            client.preface().settings().get(1, "/last");
            while (served.server.stats().streams() == 0) {
                Thread.onSpinWait();
            }
            Thread closing = Thread.startVirtualThread(served.server::close);
            while (served.server.stats().streams() > 0) {
                Thread.onSpinWait();
            }
            // Until the old server, which answered them, has closed the connection.
            for (int i = 0; i < 500 && served.server.stats().connections() > 0; i++) {
                client.get(3 + 2 * i, "/");
            }
            String events = client.body(1);
            assertTrue(events.contains("retry: "), events);
            assertEquals(NO_ERROR, client.closed());
            client.close();
            closing.join();
        }
    }

    /** They are in the same read as the frame after which the last response ends. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void requestsBehindTheLastFrameDoNotDestroyTheLastResponse(IoMode io) throws Exception {
        for (int run = 0; run < 5; run++) {
            try (Served served = served(PATIENT.closeTimeout(NEVER), io);
                    var client = new FrameClient(served.server.port(), 4096)) {
                client.preface().settings().get(1, "/larger");
                int received = 0;
                while (received < 65_535) { // The windows are empty then.
                    received += client.next(FrameClient.DATA, 1).payload().length;
                }
                Thread closing = Thread.startVirtualThread(served.server::close);
                client.next(GOAWAY, 0);
                var all = new ByteArrayOutputStream();
                all.writeBytes(window(0, 1 << 20));
                all.writeBytes(window(1, 1 << 20));
                for (int i = 0; i < 50; i++) {
                    all.writeBytes(request(3 + 2 * i, "GET", "/"));
                }
                client.send(all.toByteArray());
                assertEquals(LARGER - received, client.body(1).length());
                assertEquals(NO_ERROR, client.closed());
                client.close();
                closing.join();
            }
        }
    }

    /** So that the client knows which of its requests it may send again. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void goAwayForAFaultNamesTheLastStreamAlsoWhileTheServerDrains(IoMode io) throws Exception {
        try (Served served = served(PATIENT.interruptAbandoned(true), io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/slow");
            begun.await();
            Thread closing = Thread.startVirtualThread(served.server::close);
            client.next(GOAWAY, 0);
            FrameClient.Frame last = client.send(frame(PING, 0, 1, new byte[8])).next(GOAWAY, 0);
            assertEquals(PROTOCOL_ERROR, last.error());
            assertEquals(1, last.lastStream());
            client.close();
            closing.join();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void responseThatTheServerResetsHasFailed(IoMode io) throws Exception {
        Path file = Files.write(folder.resolve("file-" + io), new byte[1 << 20]);
        var reasons = new LinkedBlockingQueue<String>();
        var files = new Microdot().get("/", request -> Response.file(file));
        files.afterResponse((request, outcome) -> reasons.add("" + outcome.closeReason()));
        try (Served served = new Served(files, PATIENT, io).expectFailures(1);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/");
            int received = 0;
            while (received < 65_535) {
                received += client.next(FrameClient.DATA, 1).payload().length;
            }
            Files.write(file, new byte[10]);
            client.send(window(0, 2 << 20)).send(window(1, 2 << 20));
            assertEquals("RST_STREAM 2", client.next(FrameClient.RST_STREAM, 1).outcome());
            assertEquals("FAILED", reasons.take());
        }
    }

    /** Until the socket had taken the frame of the reset, Netty logged each frame that came. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void framesAfterAResetThatIsNotSentYetAreIgnoredInSilence(IoMode io) throws Exception {
        try (Served served = served(PATIENT, io);
                var client = new FrameClient(served.server.port(), 2048)) {
            client.preface().settings(INITIAL_WINDOW, 64 << 20);
            client.send(window(0, 64 << 20)).get(1, "/large");
            while (served.server.stats().waiting() == 0) {
                Thread.onSpinWait();
            }
            client.send(request(3, "POST", "/echo", "content-length", "5"));
            client.send(frame(FrameClient.DATA, END_STREAM, 3, new byte[1]));
            for (int i = 0; i < 1000; i++) {
                client.send(frame(FrameClient.DATA, 0, 3, new byte[0]));
            }
            client.send(frame(PING, 0, 0, new byte[8]));
            client.next(PING, 0);
            List<String> ignored =
                    served.logged.lines().stream()
                            .filter(line -> line.contains("ignoring"))
                            .toList();
            assertEquals(List.of(), ignored);
        }
    }

    /** As many as a client may have open: none of them is a fault of the client. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void manyUploadsMayBeInFlightWhenTheirStreamsAreReset(IoMode io) throws Exception {
        int uploads = 400;
        try (Served served = served(PATIENT.maxConcurrentStreams(uploads), io);
                FrameClient client = FrameClient.of(served)) {
            for (int i = 0; i < uploads; i++) {
                client.send(request(1 + 2 * i, "POST", "/early"));
            }
            for (int resets = 0; resets < uploads; resets++) {
                client.next(frame -> frame.type() == FrameClient.RST_STREAM);
            }
            for (int i = 0; i < uploads; i++) {
                client.send(frame(FrameClient.DATA, 0, 1 + 2 * i, new byte[3]));
            }
            assertEquals("200", client.get(1 + 2 * uploads, "/").outcome(1 + 2 * uploads));
        }
    }

    // ---- Clients that do too little ----

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void silentClientIsDisconnected(IoMode io) throws Exception {
        try (Served served = served(PATIENT.headTimeout(SOON).idleTimeout(SOON), io)) {
            int port = served.server.port();
            try (var silent = new FrameClient(port, 0)) {
                assertEquals(-1, silent.read());
            }
            byte[] half = "PRI * HTTP/2.0\r\n\r\nS".getBytes(US_ASCII);
            try (var halfPreface = new FrameClient(port, 0)) {
                halfPreface.send(half);
                while (halfPreface.read() >= 0) {} // Perhaps a response that says why.
            }
            try (var noSettings = new FrameClient(port, 0)) {
                assertEquals(NO_ERROR, noSettings.preface().closed());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void idleConnectionIsClosedWithAGoAway(IoMode io) throws Exception {
        try (Served served = served(PATIENT.idleTimeout(SOON), io);
                FrameClient client = FrameClient.of(served)) {
            assertEquals("200", client.get(1, "/").outcome(1));
            assertEquals(NO_ERROR, client.closed());
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void connectionWithAStreamIsNotIdle(IoMode io) throws Exception {
        var options = PATIENT.idleTimeout(SOON).heartbeat(Duration.ofMillis(300));
        try (Served served = served(options, io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic");
            for (int i = 0; i < 3; i++) {
                assertEquals(": \n\n", client.next(FrameClient.DATA, 1).text());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void prefaceInPiecesIsUnderstood(IoMode io) throws Exception {
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
        try (Served served = served(PATIENT, io);
                var client = new FrameClient(served.server.port(), 0)) {
            for (byte b : preface) {
                client.send(new byte[] {b});
            }
            assertEquals("200", client.settings().get(1, "/").outcome(1));
        }
    }

    // ---- Rules of the connection ----

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void pingIsAnswered(IoMode io) throws Exception {
        byte[] data = "pingpong".getBytes(US_ASCII);
        try (Served served = served(PATIENT, io);
                FrameClient client = FrameClient.of(served)) {
            FrameClient.Frame answer = client.send(frame(PING, 0, 0, data)).next(PING, 0);
            assertEquals(ACK, answer.flags());
            assertEquals("pingpong", answer.text());
        }
    }

    /** The server waits for its end and looks for vanished clients meanwhile. */
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void clientThatBrokeARuleIsDisconnectedAlthoughItDoesNotClose(IoMode io) throws Exception {
        try (Served served = served(PATIENT.halfOpen(Duration.ofMillis(40)), io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/sleeps").next(HEADERS, 1);
            begun.await();
            client.send(frame(PING, 0, 1, new byte[8])); // It has a stream.
            assertEquals("interrupted", ends.take());
            assertEquals(PROTOCOL_ERROR, client.closed());
            served.awaitNothingOpen();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void streamThatTheApplicationAbortsIsReset(IoMode io) throws Exception {
        var failing =
                new Microdot()
                        .get(
                                "/",
                                withSse(
                                        (request, sse) -> {
                                            sse.send("some");
                                            throw new IllegalStateException("thrown by the test");
                                        }));
        try (Served served = new Served(failing, PATIENT, io).expectFailures(1);
                FrameClient client = FrameClient.of(served)) {
            String body = client.get(1, "/").body(1);
            assertTrue(body.startsWith("data: some\n\n"), body);
            assertTrue(body.endsWith("RST_STREAM 2"), body);
        }
    }
}
