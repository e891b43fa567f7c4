package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import microdot.Microdot;
import microdot.sse.TableOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables through a stream without a socket. */
@Timeout(30)
class TableStreamTest {
    private final Topics topics = new Topics();

    @Test
    void newClientGetsRowsThenChanges() {
        var sensors = topics.table("sensors", new TableOptions());
        sensors.put("kitchen", Map.of("temp", 21.5));
        try (var client = new TestClient(new Microdot().get("/", topics.stream("sensors")))) {
            TestStream stream = client.stream("/");
            assertEquals(
                    "{\"table\":\"sensors\",\"part\":1,\"of\":1,"
                            + "\"rows\":{\"kitchen\":{\"temp\":21.5}}}",
                    stream.await("snapshot").data());
            sensors.put("hall", 19);
            assertEquals(
                    "{\"table\":\"sensors\",\"key\":\"hall\",\"value\":19}",
                    stream.await("put").data());
            sensors.remove("kitchen");
            assertEquals(
                    "{\"table\":\"sensors\",\"key\":\"kitchen\"}", stream.await("remove").data());
            assertEquals(topics.lastEventId(), stream.lastEventId());
            stream.close();
        }
    }

    @Test
    void openStreamsFillPresence() {
        topics.presence("room", request -> request.query("name"));
        var app = new Microdot().get("/room", topics.stream("room"));
        try (var client = new TestClient(app)) {
            TestStream watcher = client.stream("/room");
            assertEquals(
                    "{\"table\":\"room\",\"part\":1,\"of\":1,\"rows\":{}}",
                    watcher.await("snapshot").data());
            TestStream first = client.stream("/room?name=ann");
            assertEquals(ann(1), watcher.await("put").data());
            TestStream second = client.stream("/room?name=ann");
            assertEquals(ann(2), watcher.await("put").data());
            first.close();
            assertEquals(ann(1), watcher.await("put").data());
            second.close();
            assertEquals("{\"table\":\"room\",\"key\":\"ann\"}", watcher.await("remove").data());
            watcher.close();
        }
    }

    private static String ann(int count) {
        return "{\"table\":\"room\",\"key\":\"ann\",\"value\":{\"count\":" + count + "}}";
    }
}
