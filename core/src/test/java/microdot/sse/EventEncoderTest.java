package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.CharBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import microdot.JsonCodec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Cases that files cannot express; the others are in {@link WireCasesTest}. */
class EventEncoderTest {
    private static final JsonCodec JSON = JsonCodec.standard();

    // "data: " before it and two line ends after it.
    private static final int AROUND_DATA = 8;

    enum Light {
        RED
    }

    @Test
    void nullTextIsWrittenAsNull() {
        var silent =
                new Object() {
                    @Override
                    @SuppressWarnings({
                        "NullAway",
                        "ToStringReturnsNull"
                    }) // As others may write it.
                    public String toString() {
                        return null;
                    }
                };
        assertEquals(
                "data: null\n\n",
                new String(EventEncoder.encode(Event.of(silent), JsonCodec.standard()), UTF_8));
    }

    @Test
    void nameOfPublishedEventCountsTowardsItsSize() {
        Event large = Event.of("x").event("n".repeat(Event.MAX_BYTES));
        assertThrows(
                IllegalArgumentException.class,
                () -> EventEncoder.encodeWithoutId(large, JsonCodec.standard()));
    }

    private static final class Bean {}

    @Test
    void objectWithoutItsOwnTextIsRejectedWithTheWayOut() {
        for (Object data : List.of(new Bean(), new Object(), (Runnable) () -> {})) {
            String said =
                    String.valueOf(
                            assertThrows(IllegalArgumentException.class, () -> wire(data))
                                    .getMessage());
            assertTrue(said.contains("Event.json(value) writes any object as JSON"), said);
        }
    }

    @Test
    void anyObjectMayBeWrittenAsJson() {
        Event bean = Event.json(new Bean()).event("e");
        String said = new String(EventEncoder.encode(bean, new Fixed("{}")), UTF_8);
        assertEquals("event: e\ndata: {}\n\n", said);
        Event text = Event.json("text").id("7").retry(null);
        said = new String(EventEncoder.encode(text, JSON), UTF_8);
        assertEquals("id: 7\ndata: \"text\"\n\n", said);
        assertNotEquals(Event.json("a"), Event.of("a"));
        assertThrows(IllegalArgumentException.class, () -> Event.json(Event.of("a")));
    }

    @Test
    void charSequencesAreText() {
        assertEquals("data: a\ndata: b\n\n", wire(new StringBuilder("b\na").reverse()));
        assertEquals("data: xy\n\n", wire(CharBuffer.wrap("xy")));
    }

    @Test
    void collectionsAndArraysAreJson() {
        assertEquals("data: [1,2]\n\n", wire(new ArrayDeque<>(List.of(1, 2))));
        assertEquals("data: [0.5]\n\n", wire(new double[] {0.5}));
        assertEquals("data: [true,false]\n\n", wire(new boolean[] {true, false}));
        assertEquals("data: [[1],[]]\n\n", wire(new int[][] {{1}, {}}));
        assertEquals("data: [{\"a\":1}]\n\n", wire(new Object[] {Map.of("a", 1)}));
    }

    @Test
    void otherObjectsAreWrittenAsTheirText() {
        assertEquals("data: c\n\n", wire('c'));
        assertEquals("data: 1.0E10\n\n", wire(1e10));
        assertEquals("data: RED\n\n", wire(Light.RED));
        assertEquals("data: Optional.empty\n\n", wire(Optional.empty()));
        assertEquals("data: PT1S\n\n", wire(Duration.ofSeconds(1)));
    }

    @Test
    void multiLineJsonIsSplitIntoDataLines() {
        JsonCodec pretty = new Fixed("{\n  \"a\": 1\r\n}");
        String wire = new String(EventEncoder.encode(Event.of(Map.of()), pretty), UTF_8);
        assertEquals("data: {\ndata:   \"a\": 1\ndata: }\n\n", wire);
    }

    @Test
    void dataThatTheCodecRejectsIsRejected() {
        var ownException = new IllegalArgumentException("no");
        JsonCodec refusing =
                new Fixed("") {
                    @Override
                    public byte[] encode(Object value) {
                        throw ownException;
                    }
                };
        Executable call = () -> EventEncoder.encode(Event.of(Map.of()), refusing);
        assertSame(ownException, assertThrows(IllegalArgumentException.class, call));
    }

    @Test
    void retryIsInWholeMilliseconds() {
        Event event = Event.of("").retry(Duration.ofNanos(1_999_999));
        assertEquals("retry: 1\ndata: \n\n", new String(EventEncoder.encode(event, JSON), UTF_8));
    }

    @Test
    void encodedBytesAreNotTheCallersArray() {
        byte[] data = "data: x\n\n".getBytes(UTF_8);
        assertEquals("data: data: x\ndata: \ndata: \n\n", wire(data));
    }

    @Test
    void eventOfMaximumSizeIsAccepted() {
        int largest = Event.MAX_BYTES - AROUND_DATA;
        assertEquals(
                Event.MAX_BYTES, EventEncoder.encode(Event.of("x".repeat(largest)), JSON).length);
        assertEquals(
                Event.MAX_BYTES, EventEncoder.encode(Event.of(new byte[largest]), JSON).length);
    }

    @Test
    void eventAboveMaximumSizeIsRejected() {
        int more = Event.MAX_BYTES - AROUND_DATA + 1;
        assertRejected(
                "at least 16777217", () -> EventEncoder.encode(Event.of("x".repeat(more)), JSON));
        assertRejected(
                "at least 16777217", () -> EventEncoder.encode(Event.of(new byte[more]), JSON));
        assertRejected(
                "at least 16777220", () -> EventEncoder.comment("x".repeat(Event.MAX_BYTES)));
    }

    @Test
    void eventThatGrowsAboveMaximumOnTheWireIsRejected() {
        // Two bytes for each é, seven for each line break.
        assertRejected(
                "16777224",
                () -> EventEncoder.encode(Event.of("é".repeat(Event.MAX_BYTES / 2)), JSON));
        assertRejected(
                "21000008", () -> EventEncoder.encode(Event.of("\n".repeat(3_000_000)), JSON));
    }

    @Test
    void linesOfAllLengthsKeepTheirText() {
        var lines = IntStream.range(0, 500).mapToObj(n -> "é🐈x".repeat(n % 7)).toList();
        String expected = "data: " + String.join("\ndata: ", lines) + "\n\n";
        assertEquals(expected, wire(String.join("\n", lines)));
        assertEquals(expected, wire(String.join("\r\n", lines).getBytes(UTF_8)));
    }

    private static String wire(Object data) {
        return new String(EventEncoder.encode(Event.of(data), JSON), UTF_8);
    }

    private static void assertRejected(String bytes, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertEquals(
                "event or comment: " + bytes + " bytes on the wire (expected: at most 16777216)",
                message);
    }

    /** Writes the same text for every value. */
    private static class Fixed implements JsonCodec {
        private final String text;

        Fixed(String text) {
            this.text = text;
        }

        @Override
        public byte[] encode(Object value) {
            return text.getBytes(UTF_8);
        }

        @Override
        public <T> T decode(byte[] json, Class<T> type) {
            throw new UnsupportedOperationException();
        }
    }
}
