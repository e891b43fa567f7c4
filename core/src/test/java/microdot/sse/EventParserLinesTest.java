package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where lines end, and where chunks may end. */
class EventParserLinesTest {
    static Stream<Arguments> formsAndBreaks() {
        List<Arguments> forms =
                List.of(
                        arguments("data: a|||", List.of("a")),
                        arguments("data: a||data: b|data: c||", List.of("a", "b\nc")),
                        arguments("data:|data: b|data: c||", List.of("\nb\nc")),
                        arguments("data: a|data:|data: c||", List.of("a\n\nc")),
                        arguments("data: a|||data: b||", List.of("a", "b")),
                        arguments("data: a||||data: b||", List.of("a", "b")),
                        arguments("|data: a||", List.of("a")));
        return forms.stream()
                .flatMap(
                        form ->
                                Stream.of("\n", "\r", "\r\n")
                                        .map(end -> arguments(form.get()[0], end, form.get()[1])));
    }

    @ParameterizedTest
    @MethodSource("formsAndBreaks")
    void everyLineEndWorksInEverySplit(String form, String end, List<String> expected) {
        byte[] stream = form.replace("|", end).getBytes(UTF_8);
        for (int size = 1; size <= stream.length; size++) {
            assertEquals(expected, ParsedStream.of(stream, size).data(), "chunks of " + size);
        }
    }

    @Test
    void lineEndsMayBeMixed() {
        assertEquals(
                List.of("a", "b\nc", "d"), data("data: a\n\rdata: b\r\ndata: c\r\rdata: d\r\n\n"));
        assertEquals(
                List.of("cr", "lf", "crlf"), data("data: cr\r\rdata: lf\n\ndata: crlf\r\n\r\n"));
        assertEquals(List.of("a"), data("data: a\n\r\n"));
        assertEquals(List.of("a"), data("data: a\r\n\r"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0085", "\u2028", "\u2029", "\u000B", "\f", "\u001E"})
    void otherCharactersDoNotEndLine(String character) {
        assertEquals(List.of("a" + character + "b"), data("data: a" + character + "b\n\n"));
    }

    @Test
    void carriageReturnEndsEventAtOnce() {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add);
        parser.feed("data: a\r\r".getBytes(UTF_8));
        assertEquals(1, events.size());
        parser.feed("\ndata: b\r\n\r".getBytes(UTF_8));
        assertEquals(2, events.size());
        parser.feed(new byte[0]);
        parser.feed("\n".getBytes(UTF_8));
        parser.feed("\n".getBytes(UTF_8));
        assertEquals(List.of(Event.of("a"), Event.of("b")), events);
    }

    @Test
    void everySplitInTwoGivesSameEvents() {
        String text =
                "\uFEFF:c\r\nevent: é\r\nid: 1\r\ndata: 温\r\ndata: 🐈\r\n\r\nretry: 10\rdata\r\r\nid\n\n: x\n";
        byte[] stream = text.getBytes(UTF_8);
        ParsedStream whole = ParsedStream.of(stream);
        assertEquals(
                List.of(Event.received("温\n🐈", "é", "1"), Event.received("", null, "1")),
                whole.events());
        for (int split = 0; split <= stream.length; split++) {
            var halves =
                    List.of(
                            Arrays.copyOf(stream, split),
                            Arrays.copyOfRange(stream, split, stream.length));
            assertEquals(whole, ParsedStream.ofChunks(halves), "split at " + split);
        }
    }

    @Test
    void eventsArriveInAnyNumberOfChunks() {
        assertEquals(List.of("a", "b"), chunks("data: a\n\nda", "ta: b", "\n\n"));
        assertEquals(List.of("hello"), chunks("data: hel", "lo\n\n"));
        assertEquals(List.of("a", "b"), chunks("data: a\n\ndata: b\n\n"));
        assertEquals(List.of("a"), chunks("data: a\n", "\n"));
    }

    @Test
    void burstArrivesInOrder() {
        List<String> expected = IntStream.range(0, 100).mapToObj(n -> "message " + n).toList();
        assertEquals(expected, data("data: " + String.join("\n\ndata: ", expected) + "\n\n"));
    }

    @Test
    void largeDataArrivesWhole() {
        String large = String.join("\n", Collections.nCopies(5, "0123456789abcdé".repeat(1 << 16)));
        byte[] stream =
                ("data: " + large.replace("\n", "\ndata: ") + "\n\ndata: b\n\n").getBytes(UTF_8);
        assertEquals(List.of(large, "b"), ParsedStream.of(stream).data());
        assertEquals(List.of(large, "b"), ParsedStream.of(stream, stream.length / 2 + 1).data());
        assertEquals(List.of(large, "b"), ParsedStream.of(stream, 1000).data());
    }

    private static List<Object> data(String stream) {
        return ParsedStream.of(stream).data();
    }

    private static List<Object> chunks(String... chunks) {
        return ParsedStream.ofChunks(Stream.of(chunks).map(chunk -> chunk.getBytes(UTF_8)).toList())
                .data();
    }
}
