package microdot.netty;

import static microdot.netty.FrameClient.CANCEL;
import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.FLOW_CONTROL_ERROR;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.INITIAL_WINDOW;
import static microdot.netty.FrameClient.RST_STREAM;
import static microdot.netty.FrameClient.window;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.EventParser;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The windows of streams and connections: RFC 9113, section 5.2. */
@Timeout(60)
class Http2WindowTest {
    private static final int LARGE = 1 << 30;
    private static final String KILOBYTES = "x".repeat(10_000);

    private final Topics topics = new Topics();
    private final AtomicLong sent = new AtomicLong();
    private final Microdot app =
            new Microdot()
                    .get("/", request -> "home")
                    .get("/large", request -> "x".repeat(1 << 20))
                    .get("/topic/{name}", topics.stream(request -> List.of(request.param("name"))))
                    .get(
                            "/endless",
                            withSse(
                                    (request, sse) -> {
                                        while (true) {
                                            sse.send(KILOBYTES);
                                            sent.incrementAndGet();
                                        }
                                    }));

    private Served served(ServerOptions options, IoMode io) {
        topics.topic("t", new TopicOptions().keepEvents(10_000).keepBytes(64 << 20));
        return new Served(app, options, io);
    }

    /** Reads events of a stream up to the last one, and checks that they are the next ones. */
    private static void readTo(FrameClient client, int id, int from, int last, boolean enlarge)
            throws Exception {
        var got = new ArrayList<String>();
        var parser = new EventParser(event -> got.add(event.data().toString()));
        while (got.size() < last - from + 1) {
            byte[] bytes = client.next(DATA, id).payload();
            parser.feed(bytes, 0, bytes.length);
            if (enlarge && bytes.length > 0) {
                client.send(window(id, bytes.length)).send(window(0, bytes.length));
            }
        }
        for (int i = from; i <= last; i++) {
            assertTrue(got.get(i - from).startsWith(i + " "), got.get(i - from).substring(0, 9));
        }
    }

    private void publish(int from, int last) {
        for (int i = from; i <= last; i++) {
            topics.publish("t", i + " " + KILOBYTES);
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void streamWithoutAWindowBeginsAndWaits(IoMode io) throws Exception {
        try (Served served = served(new ServerOptions(), io);
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, 0)) {
            client.get(1, "/topic/t").next(HEADERS, 1);
            publish(1, 3);
            assertEquals("200", client.get(3, "/").outcome(3));
            client.send(window(3, 1));
            assertEquals("h", client.next(DATA, 3).text());
            client.send(window(1, LARGE));
            readTo(client, 1, 1, 3, false);
            client.send(window(3, 10));
            assertEquals("ome", client.body(3));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void settingThatEnlargesAllWindowsIsObeyed(IoMode io) throws Exception {
        try (Served served = served(new ServerOptions(), io);
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, 0)) {
            client.get(1, "/topic/t").next(HEADERS, 1);
            publish(1, 3);
            assertEquals("200", client.get(3, "/").outcome(3));
            client.settings(INITIAL_WINDOW, LARGE);
            readTo(client, 1, 1, 3, false);
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void streamThatIsNotReadDoesNotDelayOthers(IoMode io) throws Exception {
        try (Served served = served(new ServerOptions(), io);
                FrameClient client = FrameClient.of(served)) {
            client.send(window(0, LARGE));
            client.get(1, "/topic/t").next(HEADERS, 1);
            client.get(3, "/topic/t").next(HEADERS, 3);
            publish(1, 100);
            readTo(client, 3, 1, 100, true);
            assertEquals("200", client.get(5, "/").outcome(5));
            publish(101, 200);
            readTo(client, 3, 101, 200, true);
            // Its first bytes were skipped above: 65,535 of them.
            client.send(window(1, LARGE));
            var rest = new StringBuilder();
            while (!rest.toString().contains("data: 200 ")) {
                rest.append(client.next(DATA, 1).text());
            }
            for (int i = 8; i <= 200; i++) {
                assertTrue(rest.indexOf("data: " + i + " ") > 0, i + " is missing");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void streamThatIsNotReadIsResetAfterStallTimeoutAndOthersAreNot(IoMode io) throws Exception {
        var options = new ServerOptions().stallTimeout(Duration.ofSeconds(1));
        try (Served served = served(options, io);
                FrameClient client = FrameClient.of(served)) {
            client.send(window(0, LARGE));
            client.get(1, "/endless").next(HEADERS, 1);
            client.get(3, "/topic/t").next(HEADERS, 3);
            client.get(5, "/large").next(HEADERS, 5);
            assertEquals(CANCEL, client.next(RST_STREAM, 1).error());
            assertEquals(CANCEL, client.next(RST_STREAM, 5).error());
            assertEquals(1, served.server.stats().ended().get(CloseReason.CLIENT_STALLED));
            publish(1, 1);
            readTo(client, 3, 1, 1, false);
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void connectionWhoseWindowIsNotEnlargedEndsAfterStallTimeout(IoMode io) throws Exception {
        var options = new ServerOptions().stallTimeout(Duration.ofSeconds(1));
        try (Served served = served(options, io);
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, LARGE)) {
            client.get(1, "/endless").get(3, "/topic/t");
            client.closed();
            served.awaitNothingOpen();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void windowThatIsTooLargeIsAnError(IoMode io) throws Exception {
        try (Served served = served(new ServerOptions(), io);
                FrameClient client = FrameClient.of(served)) {
            client.get(1, "/topic/t").next(HEADERS, 1);
            client.send(window(1, Integer.MAX_VALUE));
            assertEquals(FLOW_CONTROL_ERROR, client.next(RST_STREAM, 1).error());
            assertEquals("200", client.get(3, "/").outcome(3));
            client.send(window(0, Integer.MAX_VALUE));
            assertEquals(FLOW_CONTROL_ERROR, client.closed());
        }
    }

    /** What waits is bounded by maxMemory; the responses of handlers are their own. */
    @ParameterizedTest
    @ValueSource(ints = {4 << 20, 64 << 20})
    void unreadStreamsStayWithinMemory(int memory) throws Exception {
        int streams = 256;
        var options = new ServerOptions().maxMemory(memory);
        // The connection is closed if it holds too much. Only until then others may get 503.
        boolean small = memory < 8 << 20;
        String allowed = small ? "maxMemory is used up" : "nothing";
        try (Served served = served(options, IoMode.best()).allowFailures(allowed);
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, 0)) {
            for (int i = 0; i < streams; i++) {
                client.get(2 * i + 1, i % 2 == 0 ? "/endless" : "/topic/t");
            }
            publish(1, 2000);
            boolean open = false;
            boolean closed = false;
            for (int i = 0; i < 300; i++) {
                closed |= open && served.server.stats().streams() == 0;
                open |= served.server.stats().streams() > 0;
                boolean closing = small && !closed;
                String status = other(served);
                assertTrue(status.equals("200") || (closing && status.equals("503")), status);
                long taken = served.server.stats().memory();
                // Somewhat more while a connection that holds too much is being closed.
                assertTrue(taken <= memory + (2 << 20), taken + " bytes");
            }
            assertTrue(sent.get() <= 10L * streams, sent + " events were taken");
        }
    }

    private static String other(Served served) throws Exception {
        return served.answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n").substring(9, 12);
    }
}
