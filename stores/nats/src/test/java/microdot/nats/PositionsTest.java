package microdot.nats;

import static microdot.nats.NatsStoreTest.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import microdot.nats.Positions.Span;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;

class PositionsTest {
    private static final Span FIRST = new Span(new StoreEpoch("aaaaaaaaaa", 0, 101), 1);
    private static final Span LATER = new Span(new StoreEpoch("bbbbbbbbbb", 105, 1001), 10);
    private static final Positions POSITIONS = new Positions("stream", List.of(FIRST)).with(LATER);

    @Test
    void positionsRiseOverEpochs() {
        assertEquals(0, POSITIONS.position(1));
        assertEquals(101, POSITIONS.position(2));
        assertEquals(108, POSITIONS.position(9));
        assertEquals(1000, POSITIONS.position(10));
        assertEquals(1001, POSITIONS.position(11));
    }

    @Test
    void sequenceIsTheLastUpToAPosition() {
        assertEquals(0, POSITIONS.sequence(0));
        assertEquals(0, POSITIONS.sequence(100));
        assertEquals(2, POSITIONS.sequence(101));
        assertEquals(10, POSITIONS.sequence(500));
        assertEquals(11, POSITIONS.sequence(1001));
        assertEquals(5000, POSITIONS.position(POSITIONS.sequence(5000)));
        assertEquals(Long.MAX_VALUE, POSITIONS.position(POSITIONS.sequence(Long.MAX_VALUE)));
    }

    @Test
    void positionsMayBeginAtOne() {
        // So it is when the clock of the server was wrong.
        var span = new Span(new StoreEpoch("aaaaaaaaaa", 0, 1), 1);
        var positions = new Positions("stream", List.of(span));
        assertEquals(1, positions.position(2));
        assertEquals(2, positions.sequence(1));
        assertEquals(Long.MAX_VALUE, positions.sequence(Long.MAX_VALUE));
    }

    @Test
    void onlyGivenPositionsHaveAnExactSequence() {
        assertEquals(0L, POSITIONS.exactSequence(0));
        assertEquals(3L, POSITIONS.exactSequence(102));
        assertNull(POSITIONS.exactSequence(7));
        assertNull(POSITIONS.exactSequence(500));
    }

    @Test
    void descriptionKeepsTheEpochs() {
        var description =
                new Description(
                        Description.FORMAT,
                        Instant.parse("2026-11-28T08:00:00.000000001Z"),
                        List.of(LATER),
                        "NABC");
        assertEquals(
                "Microdot events, format 1 | created 2026-11-28T08:00:00.000000001Z | epoch bbbbbbbbbb"
                        + " at 10 first 1001 after 105 | server NABC",
                description.text());
        assertEquals(description, Description.parse("s", description.text()));
        assertEquals(
                new Description(0, null, List.of(), null),
                Description.parse("s", "Microdot events, format 0"));
    }

    @Test
    void foreignAndNewerDescriptionsAreRefused() {
        String foreign =
                message(assertThrows(StoreException.class, () -> Description.parse("s", "orders")));
        assertTrue(foreign.startsWith("stream s: made by something else"), foreign);
        assertThrows(StoreException.class, () -> Description.parse("s", null));
        String newer =
                message(
                        assertThrows(
                                StoreException.class,
                                () -> Description.parse("s", "Microdot events, format 2")));
        assertTrue(newer.startsWith("stream s: format 2 (expected: at most 1"), newer);
    }
}
