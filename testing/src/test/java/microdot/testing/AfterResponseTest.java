package microdot.testing;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.Outcome;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;

class AfterResponseTest {
    private final List<Outcome> outcomes = Collections.synchronizedList(new ArrayList<>());
    private final List<CloseReason> reasons = Collections.synchronizedList(new ArrayList<>());
    private final Topics topics = new Topics();

    private final Microdot app =
            new Microdot()
                    .get("/hello", request -> "hello")
                    .get("/topic", topics.stream("topic"))
                    .get(
                            "/events",
                            withSse(
                                    (request, sse) -> {
                                        sse.onClose(reason -> reasons.add(reason));
                                        sse.send("a");
                                        new CountDownLatch(1).await();
                                    }))
                    .afterResponse((request, outcome) -> outcomes.add(outcome));

    @Test
    void hookHasRunWhenTheResponseIsThere() {
        try (var client = new TestClient(app)) {
            client.get("/hello");
            assertEquals(5, outcomes.getFirst().bytes());
            client.get("/nowhere");
            assertEquals(404, outcomes.get(1).status());
        }
    }

    @Test
    void hookRunsAtTheEndOfAStream() {
        try (var client = new TestClient(app)) {
            try (TestStream stream = client.stream("/events")) {
                stream.next();
                assertEquals(List.of(), outcomes);
                assertNull(stream.closeReason());
            }
            assertEquals(CloseReason.CLIENT_CLOSED, outcomes.getFirst().closeReason());
            assertEquals(1, outcomes.getFirst().events());
            assertEquals(List.of(CloseReason.CLIENT_CLOSED), reasons);
        }
    }

    @Test
    void closeOfTheServerIsTheReason() {
        try (var client = new TestClient(app);
                TestStream stream = client.stream("/topic")) {
            topics.publish("topic", "one");
            stream.next();
            stream.closeWithRetry(java.time.Duration.ofSeconds(1));
            stream.awaitEnd();
            assertEquals(CloseReason.SERVER_CLOSING, stream.closeReason());
        }
        assertEquals(1, outcomes.getFirst().events());
    }
}
