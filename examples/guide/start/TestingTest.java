// The code of docs/guide/testing.md.

import static microdot.sse.Sse.sseResponse;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Topics;
import microdot.testing.StreamEnd;
import microdot.testing.TestClient;
import microdot.testing.TestStream;
import org.junit.jupiter.api.Test;

class TestingTest {
    final Topics topics = new Topics();
    final Microdot app = new Microdot();

    TestingTest() {
        app.get("/events", request -> {
            if (request.cookie("session") == null) return 401;
            return sseResponse(request, (req, sse) -> {
                String last = sse.lastEventId();
                for (int i = last == null ? 1 : Integer.parseInt(last) + 1; ; i++) {
                    sse.send("event " + i, null, "" + i);
                    Thread.sleep(1000);
                }
            });
        });
        app.post("/orders", request -> Map.of("item", request.json(Map.class).get("item"), "dry", request.query("dry", "no")));
        app.get("/flood", withSse((request, sse) -> {
            while (true) sse.send("x".repeat(1000));
        }));
        app.get("/news", topics.stream("news"));
    }

    @Test
    void streamResumesAfterTheLastEvent() {
        try (var client = new TestClient(app)) {
            assertEquals(401, client.get("/events").status());
            TestStream stream = client.request("GET", "/events").cookie("session", "1").lastEventId("41").stream();
            assertEquals("42", stream.next().id());
            stream.close();
        }
    }

    @Test
    void orderIsCheckedOnly() {
        try (var client = new TestClient(app)) {
            var answer = client.request("POST", "/orders").query("dry", "yes").json(Map.of("item", "tea")).send();
            assertEquals("yes", answer.json(Map.class).get("dry"));
        }
    }

    @Test
    void handlerWaitsForSlowClient() {
        try (var client = new TestClient(app)) {
            TestStream stream = client.request("GET", "/flood").pausedStream();
            stream.awaitBlocked();                      // 64 KiB are unread: send waits
            stream.resume();
            assertEquals(1000, stream.next().data().toString().length());
            stream.close();
        }
    }

    @Test
    void closingServerGivesARetryTime() {
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/news");
            stream.closeWithRetry(Duration.ofSeconds(3));
            assertEquals("checkpoint", stream.next().event());       // where a new client resumes
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            assertEquals(Duration.ofSeconds(3), stream.retry());
        }
    }
}
