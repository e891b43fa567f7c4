package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a topic keeps, in Java. */
@Timeout(60)
class HistoryTest extends TopicsFixture {
    private static List<Object> data(History history) {
        return history.events().stream().map(Event::data).toList();
    }

    @Test
    void newestEventsWithoutAnId() {
        assertEquals(List.of(), topics.history("a", null, 3).events());
        publish("a", 1, 5);
        History newest = topics.history("a", null, 3);
        assertEquals(List.of("a3", "a4", "a5"), data(newest));
        assertEquals(topics.lastEventId(), newest.next());
        assertFalse(newest.closed());
        assertNull(newest.gap());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void pagesAfterAnIdAreWhole() {
        String start = topics.lastEventId();
        publish("a", 1, 25);
        List<Object> all = new ArrayList<>();
        History page = topics.history("a", start, 10);
        while (!page.events().isEmpty()) {
            assertTrue(page.events().size() <= 10);
            all.addAll(data(page));
            page = topics.history("a", page.next(), 10);
        }
        assertEquals(25, all.size());
        assertEquals("a25", all.getLast());
    }

    @Test
    void gapAndEndAreReported() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        String start = topics.lastEventId();
        publish("a", 1, 4);
        topics.topic("a").close();
        History history = topics.history("a", start, 10);
        assertEquals("expired", Objects.requireNonNull(history.gap()).reason());
        assertEquals(List.of("a3", "a4"), data(history));
        History end = history.closed() ? history : topics.history("a", history.next(), 10);
        assertTrue(end.closed());
    }

    @Test
    void failedSnapshotIsReported() {
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    throw new UnsupportedOperationException("by the test");
                                }));
        assertThrows(IllegalStateException.class, () -> topics.history("a", null, 1));
    }

    @Test
    void interruptIsKept() {
        Thread.currentThread().interrupt();
        assertThrows(CancellationException.class, () -> topics.history("a", null, 1));
        assertTrue(Thread.interrupted());
    }

    @Test
    void limitIsChecked() {
        assertThrows(IllegalArgumentException.class, () -> topics.history("a", null, 0));
    }
}
