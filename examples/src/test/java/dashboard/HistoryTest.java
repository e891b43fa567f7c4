package dashboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import microdot.sse.Event;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final Duration RECENT = Duration.ofMinutes(2);

    private Instant now = Instant.EPOCH;
    private final History history = new History("e1", 5, () -> now);

    @Test
    void idsAreSafeInAHeader() {
        assertTrue(
                Objects.requireNonNull(new History(1).publish("x", List.of()).id())
                        .matches("[A-Za-z0-9._~-]+"));
    }

    @Test
    void aPageResumesWithNoHole() throws InterruptedException {
        publish(4);
        History.Start start = history.start("e1-2", RECENT);
        assertNull(start.gap());
        assertEquals(2, start.replay());
        publish(1);
        History.Batch batch = history.after(start.position());
        assertNull(batch.gap());
        assertEquals(List.of("e1-3", "e1-4", "e1-5"), ids(batch));
        assertEquals(5, batch.position());
    }

    @Test
    void whatIsTooOldIsAGapWithItsExactNumber() throws InterruptedException {
        publish(9);
        History.Start start = history.start("e1-1", RECENT);
        assertEquals(new Gap("e1-1", "e1-4", 3L, "expired"), start.gap());
        assertEquals(
                List.of("e1-5", "e1-6", "e1-7", "e1-8", "e1-9"),
                ids(history.after(start.position())));
    }

    @Test
    void theLastIdBeforeTheOldestKeptOneIsNoGap() {
        publish(9);
        assertNull(history.start("e1-4", RECENT).gap());
    }

    @Test
    void anotherRunOfTheServerIsAGapOfUnknownSize() throws InterruptedException {
        publish(2);
        History.Start start = history.start("e0-700", RECENT);
        assertEquals(new Gap("e0-700", "e1-0", null, "restarted"), start.gap());
        assertEquals(List.of("e1-1", "e1-2"), ids(history.after(start.position())));
    }

    @Test
    void anIdThatNeverWasIsAGap() {
        publish(2);
        for (String id : List.of("e1-3", "e1-", "e1-x", "nonsense", "e1-99999999999999999999")) {
            Gap gap = history.start(id, RECENT).gap();
            assertEquals("invalid", gap == null ? "no gap for " + id : gap.reason());
        }
    }

    @Test
    void aReaderThatFallsBehindIsTold() throws InterruptedException {
        publish(1);
        long position = history.start("e1-1", RECENT).position();
        publish(7);
        History.Batch batch = history.after(position);
        assertEquals(new Gap("e1-1", "e1-3", 2L, "expired"), batch.gap());
        assertEquals(5, batch.events().size());
    }

    @Test
    void aNewPageGetsWhatIsRecent() throws InterruptedException {
        publish(2);
        now = now.plusSeconds(300);
        publish(2);
        History.Start start = history.start(null, RECENT);
        assertNull(start.gap());
        assertEquals(2, start.replay());
        assertEquals(List.of("e1-3", "e1-4"), ids(history.after(start.position())));
    }

    @Test
    void aReaderWaitsForTheNextEvent() throws Exception {
        var read = new CompletableFuture<History.Batch>();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                read.complete(history.after(0));
                            } catch (InterruptedException e) {
                                read.completeExceptionally(e);
                            }
                        });
        publish(1);
        assertEquals(List.of("e1-1"), ids(read.get(20, TimeUnit.SECONDS)));
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            history.publish("sample", List.of(i));
        }
    }

    private static List<String> ids(History.Batch batch) {
        return batch.events().stream().map(Event::id).map(String::valueOf).toList();
    }
}
