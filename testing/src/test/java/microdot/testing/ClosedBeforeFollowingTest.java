package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.TopicStream;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams that the server ends while their opening handlers still run. */
@Timeout(30)
class ClosedBeforeFollowingTest {
    private static final Duration TIME = Duration.ofSeconds(3);

    private final Topics topics = new Topics();
    private final Semaphore opens = new Semaphore(0);
    private final TopicStream plain = topics.stream("a");

    private TestClient client(TopicStream stream) {
        TopicStream slowlyOpened = stream.onOpen((request, sse) -> opens.acquire());
        return new TestClient(new Microdot().get("/events", slowlyOpened));
    }

    @Test
    void newClientReconnectsAtTheStartOfItsFirstStream() {
        topics.publish("a", "before");
        String start = topics.lastEventId();
        try (var client = client(plain)) {
            TestStream stream = closedWithRetry(client.stream("/events"));
            assertEquals(Event.of("").event("checkpoint").id(start), stream.next());
            opens.release();
            try (var back = client.request("GET", "/events").lastEventId(start).stream()) {
                assertEquals("meanwhile", back.next().data());
            }
        }
    }

    @Test
    void reconnectedClientKeepsItsId() {
        String had = topics.publish("a", "had");
        topics.publish("a", "missed");
        try (var client = client(plain)) {
            TestStream stream = client.request("GET", "/events").lastEventId(had).stream();
            assertNoId(closedWithRetry(stream));
        }
    }

    @Test
    void newClientOfStreamWithLastReconnectsWithoutId() {
        try (var client = client(plain.last(1))) {
            assertNoId(closedWithRetry(client.stream("/events")));
        }
    }

    @Test
    void newClientOfTopicWithSnapshotReconnectsWithoutId() {
        topics.topic("a", new TopicOptions().snapshot(() -> "state"));
        try (var client = client(plain)) {
            assertNoId(closedWithRetry(client.stream("/events")));
        }
    }

    private TestStream closedWithRetry(TestStream stream) {
        topics.publish("a", "meanwhile");
        stream.closeWithRetry(TIME);
        assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        assertEquals(TIME, stream.retry());
        return stream;
    }

    private static void assertNoId(TestStream stream) {
        assertThrows(AssertionError.class, stream::next); // It has ended without an event.
    }
}
