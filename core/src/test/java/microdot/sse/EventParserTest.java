package microdot.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules in the order of the standard; line ends are in {@link EventParserLinesTest}. */
class EventParserTest {
    @Test
    void oneByteOrderMarkIsRemoved() {
        assertData("\uFEFFdata: x\n\n", "x");
        assertData("\uFEFF:c\ndata: x\n\n", "x");
        assertData("\uFEFFdata:\n\n", "");
        // The second one is part of the field's name, which makes it an unknown field.
        assertData("\uFEFF\uFEFFdata: x\n\ndata: y\n\n", "y");
    }

    @Test
    void byteOrderMarkElsewhereIsText() {
        assertData("data: \uFEFFx\n\n", "\uFEFFx");
        assertData("\uFEFFdata: \uFEFFx\n\n", "\uFEFFx");
        assertData("\n\uFEFFdata: x\n\ndata: y\n\n", "y");
        assertData("data: x\n\uFEFFdata: y\n\n", "x");
    }

    @Test
    void partOfByteOrderMarkIsNotOne() {
        assertEquals(List.of("y"), bytes("\u00EF\u00BBdata: x\n\ndata: y\n\n").data());
    }

    @Test
    void invalidUtf8IsReplaced() {
        assertEquals(List.of("a\uFFFDb"), bytes("data: a\u00FFb\n\n").data());
        assertEquals(List.of("\uFFFD"), bytes("data: \u00E2\u0082\n\n").data());
        // Overlong, a surrogate, beyond U+10FFFF: one replacement for each byte.
        assertEquals(List.of("\uFFFD".repeat(2)), bytes("data: \u00C0\u0080\n\n").data());
        assertEquals(List.of("\uFFFD".repeat(3)), bytes("data: \u00ED\u00A0\u0080\n\n").data());
        assertEquals(
                List.of("\uFFFD".repeat(4)), bytes("data: \u00F4\u0090\u0080\u0080\n\n").data());
    }

    @Test
    void lineWithMultiByteCharactersMaySplitAnywhere() {
        byte[] stream = "event: ж\nid: é\ndata: 温🐈\n\n".getBytes(UTF_8);
        assertEquals(List.of(Event.received("温🐈", "ж", "é")), ParsedStream.of(stream, 1).events());
    }

    @Test
    void emptyLineWithoutDataDispatchesNothing() {
        assertData("\n\n\nevent: x\n\nretry: 1\n\n:c\n\n");
    }

    @Test
    void nameOfBlockWithoutDataIsDropped() {
        assertEquals(
                List.of(Event.received("x", null, null)),
                ParsedStream.of("event: e\n\ndata: x\n\n").events());
    }

    @Test
    void commentsAreNotPartOfEvent() {
        var stream = ParsedStream.of(":a\ndata: x\n: b\n:\n:  c:d\ndata: y\n:e\n\n:f\n");
        assertEquals(List.of("x\ny"), stream.data());
        assertEquals(List.of("a", "b", "", " c:d", "e", "f"), stream.comments());
    }

    @Test
    void commentIsPassedAtEndOfItsLine() {
        assertEquals(List.of("Hello"), ParsedStream.of(":Hello\n").comments());
        assertEquals(List.of(), ParsedStream.of(":Hello").comments());
        assertEquals(List.of("a\0b"), ParsedStream.of(":a\0b\n").comments());
    }

    @Test
    void oneSpaceAfterTheColonIsRemoved() {
        assertData(
                "data:x\n\ndata: x\n\ndata:  x\n\ndata:\tx\n\ndata: \n\n",
                "x",
                "x",
                " x",
                "\tx",
                "");
    }

    @Test
    void firstColonEndsFieldName() {
        assertData("data:a:b\n\ndata::\n\n", "a:b", ":");
    }

    @Test
    void lineWithoutColonIsFieldWithoutValue() {
        assertData("data\n\ndata\ndata\n\n", "", "\n");
        assertEquals("", ParsedStream.of("id: 1\n\nid\n\n").lastEventId());
        assertEquals(
                List.of(Event.received("x", null, null)),
                ParsedStream.of("event: a\nevent\ndata: x\n\n").events());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Data: x",
                " data: x",
                "data : x",
                "dat: x",
                "datas: x",
                "name: x",
                "DATA",
                "\0data: x"
            })
    void unknownFieldsAreIgnored(String line) {
        assertData(line + "\n\ndata: y\n" + line + "\n\n", "y");
    }

    @Test
    void dataLinesAreJoined() {
        assertData("data: a\ndata: b\ndata:\ndata: c\n\n", "a\nb\n\nc");
        assertData("data:\ndata:\n\n", "\n");
        assertData("data: a\nid: 1\ndata: b\n\n", "a\nb");
    }

    @Test
    void nulIsKeptInDataAndName() {
        assertEquals(
                List.of(Event.received("a\0b", "c\0d", null)),
                ParsedStream.of("event: c\0d\ndata: a\0b\n\n").events());
    }

    @Test
    void lastNameOfBlockCounts() {
        var stream =
                ParsedStream.of(
                        "event: a\ndata: 1\nevent: b\n\ndata: 2\n\nevent: message\ndata: 3\n\n");
        assertEquals(
                List.of(
                        Event.received("1", "b", null),
                        Event.received("2", null, null),
                        Event.received("3", "message", null)),
                stream.events());
    }

    @Test
    void idStaysInForceUntilNextId() {
        assertIds(
                "data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid: 2\ndata: d\n\n", null, "1", "1", "2");
    }

    @Test
    void idCanBeEmptied() {
        assertIds("id: 1\ndata: a\n\nid:\ndata: b\n\ndata: c\n\n", "1", "", "");
        assertEquals("", ParsedStream.of("id: 1\n\nid: \n\n").lastEventId());
    }

    @Test
    void idWithNulIsIgnored() {
        assertIds("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: \0\ndata: c\n\n", "1", "1", "1");
        assertEquals("", ParsedStream.of("id: \0\n\n").lastEventId());
    }

    @Test
    void idWithoutDataCounts() {
        assertIds("id: 7\n\ndata: a\n\n", "7");
        assertEquals("7", ParsedStream.of("id: 7\n\n").lastEventId());
        assertEquals("8", ParsedStream.of("event: checkpoint\nid: 8\n\n").lastEventId());
    }

    @Test
    void idCountsFromEmptyLineOn() {
        assertEquals("1", ParsedStream.of("id: 1\ndata: a\n\nid: 2\ndata: b\n").lastEventId());
        assertEquals("2", ParsedStream.of("id: 1\ndata: a\n\nid: 2\ndata: b\n\n").lastEventId());
    }

    @Test
    void retryIsInMilliseconds() {
        assertNull(ParsedStream.of("data: x\n\n").retry());
        assertRetry(3000, "retry: 3000\n\n");
        assertRetry(0, "retry:0\n");
        assertRetry(8, "retry: 7\nretry: 0008\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "1000x", "-1", "+1", "1.5", "1e3", " 1", "1 ", "٣", "0x10", "1:0"})
    void retryThatIsNotAllDigitsIsIgnored(String value) {
        assertRetry(5, "retry: 5\nretry: " + value + "\ndata: x\n\n");
    }

    @Test
    void hugeRetryIsLimited() {
        assertRetry(2147483647, "retry: 2147483648\n");
        assertRetry(2147483647, "retry: 99999999999999999999999999\n");
        assertRetry(1, "retry: " + "0".repeat(1000) + "1\n");
    }

    @Test
    void unfinishedEventAtEndIsDropped() {
        assertData("data: a\n\ndata: b", "a");
        assertData("data: a\n\ndata: b\n", "a");
        assertData("data");
        assertData("");
    }

    @Test
    void orderOfFieldsDoesNotMatter() {
        var expected = List.of(Event.received("x", "e", "1"));
        assertEquals(expected, ParsedStream.of("data: x\nid: 1\nevent: e\n\n").events());
        assertEquals(expected, ParsedStream.of("event: e\nid: 1\ndata: x\n\n").events());
    }

    @Test
    void partOfArrayIsRead() {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add);
        byte[] bytes = "\n\ndata: x\n\nid: 1\n\n".getBytes(UTF_8);
        parser.feed(bytes, 2, 9);
        assertEquals(List.of(Event.of("x")), events);
        assertEquals("", parser.lastEventId());
        assertThrows(IndexOutOfBoundsException.class, () -> parser.feed(bytes, 2, bytes.length));
    }

    @Test
    void callersArrayMayBeReused() {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add);
        byte[] bytes = "data: x".getBytes(UTF_8);
        parser.feed(bytes);
        Arrays.fill(bytes, (byte) '!');
        parser.feed("\n\n".getBytes(UTF_8));
        assertEquals(List.of(Event.of("x")), events);
    }

    @Test
    void exceptionOfConsumerIsThrownAndNextEventIsWhole() {
        var events = new ArrayList<Event>();
        var parser =
                new EventParser(
                        event -> {
                            events.add(event);
                            if (events.size() == 1) {
                                throw new IllegalArgumentException("not this one");
                            }
                        });
        assertThrows(
                IllegalArgumentException.class,
                () -> parser.feed("event: e\ndata: a\n\n".getBytes(UTF_8)));
        parser.feed("data: b\n\n".getBytes(UTF_8));
        assertEquals(List.of(Event.of("a").event("e"), Event.of("b")), events);
    }

    private static void assertData(String stream, Object... expected) {
        assertEquals(List.of(expected), ParsedStream.of(stream).data());
    }

    private static void assertIds(String stream, @Nullable String... expected) {
        List<String> ids = new ArrayList<>();
        ParsedStream.of(stream).events().forEach(event -> ids.add(String.valueOf(event.id())));
        assertEquals(Arrays.stream(expected).map(String::valueOf).toList(), ids);
    }

    private static void assertRetry(long millis, String stream) {
        assertEquals(Duration.ofMillis(millis), ParsedStream.of(stream).retry());
    }

    /** Each character of the string is a byte. */
    private static ParsedStream bytes(String latin1) {
        return ParsedStream.of(latin1.getBytes(ISO_8859_1));
    }
}
