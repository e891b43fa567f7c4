package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import microdot.Logged;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A name that a client has chosen must not look like a log entry of its own. */
@Timeout(60)
class NamesInLogsTest {
    private static final String NAME = "room/x\n2026-11-27 SEVERE forged";

    private final TestLoop loop = new TestLoop();

    @Test
    void lineBreaksOfATopicNameAreEscaped() {
        try (var topics = new Topics();
                var log = new Logged("microdot.sse")) {
            TopicStream stream =
                    topics.stream(NAME)
                            .where(
                                    (request, event) -> {
                                        throw new IllegalStateException("the test");
                                    });
            var follower = new TestFollower(loop).follow(stream, null);
            topics.publish(NAME, "1");
            follower.await(1);
            String message = log.await(1).getFirst();
            assertTrue(message.contains("\"room/x\\n2026-11-27 SEVERE forged\""), message);
            assertFalse(message.contains("\n"), message);
            topics.topic(NAME).close();
            var refused =
                    assertThrows(IllegalStateException.class, () -> topics.publish(NAME, "2"));
            assertEquals(1, String.valueOf(refused.getMessage()).lines().count());
        }
    }
}
