import static org.junit.jupiter.api.Assertions.assertEquals;

import microdot.testing.TestClient;
import microdot.testing.TestStream;
import org.junit.jupiter.api.Test;

class AppTest {
    @Test
    void streamSendsReadings() {
        try (var client = new TestClient(App.app())) {
            TestStream stream = client.stream("/events");
            assertEquals("reading", stream.next().event());
            stream.close();                   // like a client that disconnects: the handler is interrupted
        }                                     // fails if a handler still runs
    }
}
