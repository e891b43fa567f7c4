import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import microdot.testing.TestClient;
import microdot.testing.TestStream;
import org.junit.jupiter.api.Test;

class AppTest {
    @Test
    void streamSendsReadings() {
        try (var client = new TestClient(App.app())) {
            TestStream stream = client.stream("/events");
            assertEquals("reading", stream.next().event());
            stream.close();
        }
    }

    @Test
    void pageOpensTheStream() {
        try (var client = new TestClient(App.app())) {
            assertTrue(client.get("/").text().contains("new EventSource('/events')"));
        }
    }
}
