package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that take nothing of what waits for them. */
@Timeout(60)
@ParameterizedClass
@EnumSource(Wire.class)
class StallTest extends TransportContract {
    private static final ServerOptions SHORT =
            new ServerOptions().stallTimeout(Duration.ofSeconds(2));

    private final Wire wire;

    private final Topics topics = new Topics();

    StallTest(Wire wire) {
        this.wire = wire;
    }

    @Override
    Wire wire() {
        return wire;
    }

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

    @Test
    void followerThatReadsNothingIsDisconnectedAndAnotherNotifiedOfAll() throws Exception {
        try (Served served = served(app(), SHORT);
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

    @Test
    void handlerOfAClientThatReadsNothingIsCancelled() throws Exception {
        try (Served served = served(app(), SHORT);
                RawClient stalled = served.client(4096)) {
            stalled.get("/handler").readHead();
            served.awaitNothingOpen();
        }
    }
}
