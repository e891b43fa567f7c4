package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import microdot.JsonCodec;
import microdot.contract.FuzzContract;
import org.jspecify.annotations.Nullable;

/**
 * Any split of a stream gives what the standard says; an event is read as it was written. The first
 * byte of an input chooses the split.
 */
class EventParserFuzzTest extends FuzzContract {
    private static final JsonCodec JSON = JsonCodec.standard();

    EventParserFuzzTest() {
        super(EventParserFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] stream = Arrays.copyOfRange(input, 1, input.length);
        ParsedStream expected = ReferenceParser.parse(stream);
        assertEquals(expected, ParsedStream.of(stream));
        assertEquals(expected, ParsedStream.of(stream, 1));
        assertEquals(expected, ParsedStream.of(stream, new SplittableRandom(input[0])));
        checkLimit(stream, 1 + (input[0] & 0xFF), expected);
        expected.events().forEach(EventParserFuzzTest::checkWritten);
        checkData(stream);
    }

    /** A small limit ends the stream, or changes nothing. */
    private static void checkLimit(byte[] stream, int limit, ParsedStream expected) {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add, comment -> {}, limit);
        try {
            parser.feed(stream);
            assertEquals(expected.events(), events);
        } catch (IllegalStateException tooLarge) {
            assertEquals(expected.events().subList(0, events.size()), events);
        }
    }

    private static void checkWritten(Event event) {
        Event written;
        try {
            written = Event.of(event.data()).event(event.event()).id(event.id());
        } catch (IllegalArgumentException mayNotBeSent) {
            return; // A name of the library, a long id.
        }
        List<Event> read = ParsedStream.of(EventEncoder.encode(written, JSON)).events();
        assertEquals(List.of(received(event.data(), event.event(), event.id())), read);
    }

    private static void checkData(byte[] bytes) {
        byte[] wire = EventEncoder.encode(Event.of(bytes), JSON);
        assertEquals(
                List.of(received(ReferenceParser.decode(bytes), null, null)),
                ParsedStream.of(wire).events());
        byte[] text = EventEncoder.encode(Event.of(ReferenceParser.decode(bytes)), JSON);
        assertEquals(ReferenceParser.decode(wire), new String(text, UTF_8));
    }

    /** Returns what a client receives: each line end is a line feed. */
    private static Event received(
            @Nullable Object data, @Nullable String name, @Nullable String id) {
        String text = String.valueOf(data).replace("\r\n", "\n").replace('\r', '\n');
        return Event.received(text, name, id);
    }
}
