package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Topics;
import microdot.structure.NullArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Null is refused by every public method, at once and with what was expected. */
class NullArgumentsTest {
    private final Microdot app =
            new Microdot().get("/", request -> "a").get("/s", new Topics().stream("a"));

    @Test
    @Timeout(60) // A method that takes null may wait for ever.
    void everyPublicMethodRefusesNull() {
        try (var client = new TestClient(app);
                TestStream stream = client.stream("/s")) {
            List<Class<?>> types =
                    List.of(
                            TestClient.class,
                            TestRequest.class,
                            TestResponse.class,
                            RunningRequest.class,
                            TestStream.class);
            assertEquals(
                    "",
                    String.join("\n", NullArguments.notRefused(types, samples(client, stream))));
        }
    }

    private Map<Class<?>, Object> samples(TestClient client, TestStream stream) {
        return Map.ofEntries(
                Map.entry(TestClient.class, client),
                Map.entry(TestRequest.class, client.request("GET", "/")),
                Map.entry(TestResponse.class, client.get("/")),
                Map.entry(RunningRequest.class, client.request("GET", "/").start()),
                Map.entry(TestStream.class, stream),
                Map.entry(Microdot.class, app),
                Map.entry(Topics.class, new Topics()),
                Map.entry(ServerOptions.class, new ServerOptions()),
                Map.entry(Event.class, Event.of("a")),
                Map.entry(Duration.class, Duration.ZERO),
                Map.entry(Instant.class, Instant.EPOCH),
                Map.entry(Class.class, String.class),
                Map.entry(Object.class, "a"),
                Map.entry(byte[].class, new byte[0]),
                Map.entry(String.class, "a"));
    }
}
