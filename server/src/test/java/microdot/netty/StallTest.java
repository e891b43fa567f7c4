package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that take nothing of what waits for them. */
@Timeout(60)
class StallTest {
    private static final ServerOptions SHORT =
            new ServerOptions().stallTimeout(Duration.ofSeconds(2));

    private final Topics topics = new Topics();

    private Microdot app() {
        return new Microdot()
                .get("/topic", topics.stream("topic"))
                .get(
                        "/handler",
                        Sse.withSse(
                                (request, sse) -> {
                                    while (true) {
                                        sse.send("x".repeat(100_000));
                                    }
                                }));
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void followerThatReadsNothingIsDisconnectedAndAnotherNotifiedOfAll(IoMode io) throws Exception {
        try (Served served = new Served(app(), SHORT, io);
                RawClient stalled = served.client(4096);
                RawClient healthy = served.client()) {
            stalled.get("/topic").readHead();
            healthy.get("/topic").readHead();
            // The socket buffers do not hold it.
            topics.publish("topic", Event.of("x".repeat(15 << 20)));
            healthy.readTo("\n\n");
            while (served.server.stats().streams() > 1) {
                Thread.onSpinWait();
            }
            topics.publish("topic", "next");
            healthy.readTo("data: next\n\n");
            assertEquals(1, served.server.stats().streams());
            healthy.close();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void handlerOfAClientThatReadsNothingIsCancelled(IoMode io) throws Exception {
        try (Served served = new Served(app(), SHORT, io);
                RawClient stalled = served.client(4096)) {
            stalled.get("/handler").readHead();
            served.awaitNothingOpen();
        }
    }
}
