package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import microdot.JsonCodec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that never ends its event or its line cannot fill the memory. */
class EventParserLimitTest {
    private static final int LIMIT = 100;

    private final List<Event> events = new ArrayList<>();
    private final EventParser parser = new EventParser(events::add, comment -> {}, LIMIT);

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void eventOfLimitPassesAndLargerEventFails(int size) {
        feed("data: " + "x".repeat(LIMIT - 6) + "\n\n", size);
        assertEquals(1, events.size());
        fails("data: " + "x".repeat(LIMIT - 5) + "\n\n", size);
        assertEquals(1, events.size());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void linesOfEventCountTogether(int size) {
        fails("data: first\n\n" + "data: 45678\n".repeat(30), size);
        assertEquals(List.of(Event.of("first")), events);
    }

    @Test
    void endlessLineFails() {
        fails(":" + "x".repeat(LIMIT), 1);
    }

    @Test
    void messageNamesSizeAndLimit() {
        var failure = fails("x".repeat(LIMIT + 20), 1000);
        assertEquals("event: at least 120 bytes (expected: at most 100)", failure.getMessage());
    }

    @Test
    void laterCallsFailToo() {
        fails("x".repeat(LIMIT + 1), 1000);
        var failure = fails("\n\ndata: a\n\n", 1000);
        assertEquals("event: at least 101 bytes (expected: at most 100)", failure.getMessage());
        assertTrue(events.isEmpty());
    }

    @Test
    void droppedBytesDoNotCountTowardsLimit() {
        feed(": still here\nunknown: field\n".repeat(1000), 1000);
        feed("event: e\nid: 1\nretry: 1\n".repeat(1000), 1000);
        feed("data: a\n\n".repeat(1000), 1000);
        assertEquals(1000, events.size());
    }

    @Test
    void largestSendableEventIsAccepted() {
        var large = new EventParser(events::add);
        byte[] wire =
                EventEncoder.encode(
                        Event.of("x".repeat(Event.MAX_BYTES - 8)), JsonCodec.standard());
        large.feed(wire, 0, 1 << 20);
        large.feed(wire, 1 << 20, wire.length - (1 << 20));
        assertEquals(Event.MAX_BYTES - 8, ((String) events.getFirst().data()).length());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void limitMustBePositive(int limit) {
        var failure =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new EventParser(events::add, comment -> {}, limit));
        assertEquals("maxBytes: " + limit + " (expected: more than 0)", failure.getMessage());
    }

    private void feed(String stream, int size) {
        byte[] bytes = stream.getBytes(UTF_8);
        for (int at = 0; at < bytes.length; at += size) {
            parser.feed(bytes, at, Math.min(size, bytes.length - at));
        }
    }

    private IllegalStateException fails(String stream, int size) {
        return assertThrows(IllegalStateException.class, () -> feed(stream, size));
    }
}
