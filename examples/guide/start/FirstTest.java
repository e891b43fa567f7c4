import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import microdot.Microdot;
import microdot.testing.TestClient;
import microdot.testing.TestStream;
import org.junit.jupiter.api.Test;

class FirstTest {
    final Microdot app = new Microdot().get("/events", withSse((request, sse) -> {
        sse.send("hello", "greeting");
        Thread.sleep(Duration.ofDays(1));
    }));

    @Test
    void clientIsGreeted() {
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/events");
            assertEquals("greeting", stream.next().event());
            client.advance(Duration.ofMinutes(1));         // nothing waits
            assertEquals(4, stream.comments().size());     // a heartbeat every 15 s
            stream.close();                                // a client that leaves
        }
    }
}
