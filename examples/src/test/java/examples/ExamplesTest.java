package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ExamplesTest {
    @Test
    void helloGreets() throws Exception {
        try (Example hello = Example.start("hello/Hello.java")) {
            assertEquals("Hello, world!", hello.get("/").body());
            assertEquals("Hello, Zoë!", hello.get("/Zo%C3%AB").body());
            assertEquals(404, hello.get("/a/b").statusCode());
        }
    }

    @Test
    void metricsCountStreamsAndWhyTheyEnded() throws Exception {
        try (Example metrics = Example.start("metrics/Metrics.java")) {
            try (var stream = metrics.open("/events")) {
                assertTrue(metrics.get("/metrics").body().contains("\nmicrodot_streams 1\n"));
                metrics.post("/events", "one");
                assertTrue(stream.readLine().startsWith("id: "));
            }
            String ended = "microdot_streams_ended_total{reason=\"CLIENT_CLOSED\"} 1";
            while (!metrics.get("/metrics").body().contains(ended)) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void counterResumesAtTheLastEventId() throws Exception {
        try (Example counter = Example.start("counter/Counter.java")) {
            assertTrue(counter.get("/").body().contains("EventSource"));
            assertEquals(
                    List.of("id: 1", "data: 1", "id: 2", "data: 2"), counter.lines("/events", 4));
            assertEquals(
                    List.of("id: 42", "data: 42"),
                    counter.lines("/events", 2, "Last-Event-ID", "41"));
            assertEquals("Client connected", afterAddresses(counter));
        }
    }

    /** A machine has several addresses. */
    private static String afterAddresses(Example example) throws Exception {
        String line = example.line();
        while (line.startsWith("http://")) {
            line = example.line();
        }
        return line;
    }

    @Test
    void sensorSendsReadings() throws Exception {
        try (Example sensor = Example.start("sensor/Sensor.java")) {
            List<String> lines = sensor.lines("/events", 2);
            assertEquals("event: reading", lines.getFirst());
            assertTrue(lines.getLast().matches("data: \\{\"temp\":2[01]\\.\\d+}"), lines.getLast());
        }
    }

    @Test
    void guardedAsksForAToken() throws Exception {
        try (Example guarded = Example.start("guarded/Guarded.java")) {
            assertEquals(401, guarded.get("/events").statusCode());
            assertEquals(401, guarded.get("/events?token=wrong").statusCode());
            var response = guarded.get("/events?token=sesame");
            assertEquals("data: hello, Ali Baba\n\n", response.body());
            assertEquals("greeting", response.headers().firstValue("X-Stream").orElseThrow());
        }
    }

    @Test
    void broadcastReachesEveryClientAndResumes() throws Exception {
        try (Example broadcast = Example.start("broadcast/Broadcast.java");
                var one = broadcast.open("/events");
                var other = broadcast.open("/events")) {
            assertEquals(204, broadcast.post("/publish", "first").statusCode());
            String id = one.readLine();
            assertEquals(id, other.readLine());
            assertEquals("data: first", one.readLine());
            assertEquals("data: first", other.readLine());
            broadcast.post("/publish", "second");
            List<String> missed =
                    broadcast.lines("/events", 2, "Last-Event-ID", id.substring("id: ".length()));
            assertEquals("data: second", missed.getLast());
        }
    }

    @Test
    void chatKeepsItsHistory() throws Exception {
        try (Example chat = Example.start("chat/Chat.java")) {
            assertTrue(chat.get("/rooms/lobby").body().contains("<title>Chat</title>"));
            assertEquals(400, chat.post("/rooms/lobby/messages", "{\"name\":\"a\"}").statusCode());
            assertEquals(400, chat.post("/rooms/lobby/messages", "nonsense").statusCode());
            say(chat, "one");
            say(chat, "two");
            List<String> lines = chat.lines("/rooms/lobby/events", 6);
            assertEquals("data: {\"name\":\"ann\",\"text\":\"one\"}", lines.get(2));
            assertEquals("data: {\"name\":\"ann\",\"text\":\"two\"}", lines.get(5));
            String id = lines.get(1).substring("id: ".length());
            assertEquals(
                    "data: {\"name\":\"ann\",\"text\":\"two\"}",
                    chat.lines("/rooms/lobby/events", 3, "Last-Event-ID", id).getLast());
        }
    }

    @Test
    void chatListsThePeoplePresent() throws Exception {
        try (Example chat = Example.start("chat/Chat.java")) {
            String events = "/rooms/lobby/events?name=";
            try (var ann = chat.open(events + "ann")) {
                await("data: [\"ann\"]", ann);
                try (var bob = chat.open(events + "bob")) {
                    await("data: [\"ann\",\"bob\"]", bob);
                    await("data: [\"ann\",\"bob\"]", ann);
                }
                await("data: [\"ann\"]", ann);
            }
            try (var next = chat.open(events + "next")) {
                await("data: [\"next\"]", next);
            }
        }
    }

    private static void await(String expected, BufferedReader stream) throws IOException {
        String line = stream.readLine();
        while (line != null && !line.equals(expected)) {
            line = stream.readLine();
        }
        assertEquals(expected, line);
    }

    private static void say(Example chat, String text) throws Exception {
        String message = "{\"name\":\"ann\",\"text\":\"" + text + "\"}";
        assertEquals(204, chat.post("/rooms/lobby/messages", message).statusCode());
    }
}
