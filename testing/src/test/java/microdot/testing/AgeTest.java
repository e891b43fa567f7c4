package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import microdot.Microdot;
import microdot.sse.Run;
import microdot.sse.Runs;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;

/** What topics keep ages as a test lets time pass. */
class AgeTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final Topics topics = new Topics();
    private final Runs runs = new Runs(topics);

    @Test
    void eventsAreGoneAfterTheTimeForWhichTheyAreKept() {
        topics.topic("news", new TopicOptions().keepFor(HOUR));
        try (var client = new TestClient(new Microdot()).topics(topics)) {
            String before = topics.lastEventId();
            topics.publish("news", "old");
            client.advance(HOUR.minusMinutes(1));
            topics.publish("news", "new");
            assertEquals(2, topics.history("news", before, 9).events().size());
            client.header("A", "b").advance(Duration.ofMinutes(2)); // It has the same time.
            assertEquals(
                    List.of("new"),
                    topics.history("news", before, 9).events().stream()
                            .map(event -> event.data())
                            .toList());
        }
    }

    @Test
    void rowsExpire() {
        Table table = topics.table("status", new TableOptions().ttl(HOUR));
        try (var client = new TestClient(new Microdot()).topics(topics)) {
            table.put("a", 1);
            client.advance(HOUR.minusMinutes(1));
            table.put("b", 2);
            client.advance(Duration.ofMinutes(2));
            assertEquals(Map.of("b", 2), table.rows());
            client.advance(HOUR);
            assertEquals(Map.of(), table.rows());
        }
    }

    @Test
    void endedRunIsForgotten() {
        var app = new Microdot().get("/{run}", runs.stream(request -> request.param("run")));
        try (var client = new TestClient(app).topics(topics)) {
            Run run = runs.start(started -> started.send("done"));
            for (int i = 0; i < 2; i++) {
                TestStream stream = client.stream("/" + run.id());
                assertEquals("done", stream.next().data());
                assertEquals("checkpoint", stream.next().event());
                stream.awaitEnd();
                client.advance(Duration.ofMinutes(4));
            }
            client.advance(Duration.ofMinutes(4));
            assertEquals(404, client.head("/" + run.id()).status());
        }
    }
}
