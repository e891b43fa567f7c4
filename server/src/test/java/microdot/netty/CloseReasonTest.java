package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.Body;
import microdot.CloseReason;
import microdot.Handler;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.stream.ChannelSink;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every way in which a stream ends has a name. CLIENT_VANISHED needs a network that drops packets:
 * {@link DeadPeerProbeTest}.
 */
@Timeout(60)
@ParameterizedClass
@EnumSource(Wire.class)
class CloseReasonTest extends TransportContract {
    private final Wire wire;

    private final BlockingQueue<CloseReason> reasons = new LinkedBlockingQueue<>();
    private final Topics topics = new Topics();

    /** Notes why the streams of the handler end. */
    static Handler noting(BlockingQueue<CloseReason> reasons, Handler handler) {
        return request -> {
            Response response = (Response) Objects.requireNonNull(handler.handle(request));
            var stream = (Body.Stream) response.body();
            Body.StreamWriter writer =
                    sink -> {
                        var noted = (ChannelSink) sink;
                        noted.onClose(() -> reasons.add(noted.closeReason()));
                        stream.writer().writeTo(sink);
                    };
            return new Response(new Body.Stream(writer, stream.closingFrames()));
        };
    }

    CloseReasonTest(Wire wire) {
        this.wire = wire;
    }

    @Override
    Wire wire() {
        return wire;
    }

    private Microdot app(Handler handler) {
        return new Microdot().get("/", noting(reasons, handler));
    }

    private void assertReason(CloseReason expected) throws InterruptedException {
        assertEquals(expected, reasons.poll(30, TimeUnit.SECONDS));
    }

    private static Handler waiting() {
        return withSse((request, sse) -> new CountDownLatch(1).await());
    }

    private static Handler flooding() {
        return withSse(
                (request, sse) -> {
                    while (true) {
                        sse.send("x".repeat(100_000));
                    }
                });
    }

    @Test
    void handlerReturned() throws Exception {
        try (Served served = served(app(withSse((request, sse) -> sse.send("a"))));
                RawClient client = served.client()) {
            client.get("/").readAll();
            assertReason(CloseReason.HANDLER_RETURNED);
        }
    }

    @Test
    void handlerFailed() throws Exception {
        Handler failing =
                withSse(
                        (request, sse) -> {
                            throw new IllegalStateException("thrown by the test");
                        });
        try (Served served = served(app(failing)).expectFailures(1);
                RawClient client = served.client()) {
            client.get("/").readAll();
            assertReason(CloseReason.HANDLER_FAILED);
        }
    }

    @Test
    void clientClosed() throws Exception {
        try (Served served = served(app(waiting()))) {
            try (RawClient client = served.client()) {
                client.get("/").readHead();
            }
            assertReason(CloseReason.CLIENT_CLOSED);
        }
    }

    @Test
    void clientStalled() throws Exception {
        var options = new ServerOptions().stallTimeout(Duration.ofMillis(300));
        try (Served served = served(app(flooding()), options);
                RawClient client = served.client(4096)) {
            client.get("/").readHead();
            assertReason(CloseReason.CLIENT_STALLED);
        }
    }

    @Test
    void lagged() throws Exception {
        topics.topic("t", new TopicOptions().keepEvents(1).onSlow(TopicOptions.OnSlow.DISCONNECT));
        try (Served served = served(app(topics.stream("t")));
                RawClient client = served.client(4096)) {
            client.get("/").readHead();
            while (reasons.isEmpty()) {
                topics.publish("t", Event.of("x".repeat(1 << 20)));
            }
            assertReason(CloseReason.LAGGED);
        }
    }

    @Test
    void statusAfterTheHeadIsOneLineInTheLogAndALongDelay() throws Exception {
        Handler handler =
                withSse(
                        (request, sse) -> {
                            sse.send("first");
                            throw new HttpException(404);
                        });
        try (Served served = served(app(handler)).expectFailures(1);
                RawClient client = served.client()) {
            String all = client.get("/").readTo("0\r\n\r\n");
            Matcher retry = Pattern.compile("retry: (\\d+)\n\n").matcher(all);
            assertTrue(retry.find(), all);
            int delay = Integer.parseInt(retry.group(1));
            assertTrue(delay >= 15_000 && delay <= 45_000, all);
            assertReason(CloseReason.HANDLER_FAILED);
            String said = served.logged.complaints().toString();
            assertTrue(said.contains("404") && said.contains("return sseResponse"), said);
            assertEquals(List.of(), served.logged.thrown());
        }
    }

    /** The oldest, or the last: the streams of an HTTP/2 connection count together. */
    @Test
    void overBudget() throws Exception {
        var options = new ServerOptions().maxMemory(1 << 20);
        Microdot app = app(topics.stream(request -> List.of(request.query("topic", ""))));
        try (Served served = served(app, options).expectFailures(1);
                RawClient oldest = served.client(4096);
                RawClient second = served.client(4096);
                RawClient third = served.client(4096)) {
            follow(oldest, "a").readTo("xx"); // Its bytes wait before those of the others.
            follow(second, "b").readTo("xx");
            follow(third, "c");
            assertReason(CloseReason.OVER_BUDGET);
        }
    }

    /** Follows a topic, and publishes an event that the sockets do not take. */
    private RawClient follow(RawClient client, String topic) throws IOException {
        client.get("/?topic=" + topic).readHead();
        topics.publish(topic, Event.of("x".repeat(15 << 20)));
        return client;
    }

    @Test
    void deadline() throws Exception {
        var options = new ServerOptions().maxStreamAge(Duration.ofMillis(50));
        try (Served served = served(app(topics.stream("t")), options);
                RawClient client = served.client()) {
            client.get("/").readAll();
            assertReason(CloseReason.DEADLINE);
        }
    }

    @Test
    void topicClosed() throws Exception {
        try (Served served = served(app(topics.stream("t")));
                RawClient client = served.client()) {
            client.get("/").readHead();
            topics.close();
            client.readAll();
            assertReason(CloseReason.TOPIC_CLOSED);
        }
    }

    @Test
    void serverClosing() throws Exception {
        try (Served served = served(app(topics.stream("t")));
                RawClient client = served.client()) {
            client.get("/").readHead();
            served.server.close();
            assertReason(CloseReason.SERVER_CLOSING);
        }
    }

    @Test
    void failed() throws Exception {
        Handler failing =
                request ->
                        new Response(
                                new Body.Stream(
                                        sink -> {
                                            sink.feed(
                                                    space -> {
                                                        throw new AssertionError("by the test");
                                                    });
                                            sink.loop().execute(sink::pull);
                                        }));
        try (Served served = served(app(failing)).expectFailures(1);
                RawClient client = served.client()) {
            client.get("/").readAll();
            assertReason(CloseReason.FAILED);
        }
    }
}
