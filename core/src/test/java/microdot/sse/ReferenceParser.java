package microdot.sse;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The standard's two algorithms step by step, over the whole stream at once and without regard for
 * speed: the reference for {@link EventParser}.
 *
 * @see <a
 *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">Event
 *     streams</a>
 * @see <a href="https://encoding.spec.whatwg.org/#utf-8-decoder">UTF-8</a>
 */
final class ReferenceParser {
    private final List<Event> events = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private String dataBuffer = "";
    private String eventTypeBuffer = "";
    private @Nullable String lastEventIdBuffer;
    private @Nullable String lastEventId;
    private @Nullable Duration retry;

    private ReferenceParser() {}

    static ParsedStream parse(byte[] stream) {
        var parser = new ReferenceParser();
        String text = decode(stream);
        for (String line : lines(text.startsWith("\uFEFF") ? text.substring(1) : text)) {
            parser.process(line);
        }
        String id = parser.lastEventId == null ? "" : parser.lastEventId;
        return new ParsedStream(parser.events, parser.comments, id, parser.retry);
    }

    /** Returns the lines that have an end. */
    static List<String> lines(String text) {
        String[] parts = text.replace("\r\n", "\n").replace('\r', '\n').split("\n", -1);
        return List.of(parts).subList(0, parts.length - 1);
    }

    private void process(String line) {
        if (line.isEmpty()) {
            dispatch();
            return;
        }
        int colon = line.indexOf(':');
        String value = colon < 0 ? "" : line.substring(colon + 1);
        String trimmed = value.startsWith(" ") ? value.substring(1) : value;
        field(colon < 0 ? line : line.substring(0, colon), trimmed);
    }

    private void field(String name, String value) {
        switch (name) {
            case "" -> comments.add(value);
            case "event" -> eventTypeBuffer = value;
            case "data" -> dataBuffer += value + "\n";
            case "id" -> lastEventIdBuffer = value.contains("\0") ? lastEventIdBuffer : value;
            case "retry" -> retry = value.matches("[0-9]+") ? millis(value) : retry;
            default -> {}
        }
    }

    private static Duration millis(String digits) {
        var value = new BigInteger(digits).min(BigInteger.valueOf(Integer.MAX_VALUE));
        return Duration.ofMillis(value.longValueExact());
    }

    private void dispatch() {
        lastEventId = lastEventIdBuffer;
        if (!dataBuffer.isEmpty()) {
            String data = dataBuffer.substring(0, dataBuffer.length() - 1);
            events.add(
                    Event.received(
                            data, eventTypeBuffer.isEmpty() ? null : eventTypeBuffer, lastEventId));
        }
        dataBuffer = "";
        eventTypeBuffer = "";
    }

    static String decode(byte[] bytes) {
        var out = new StringBuilder();
        int codePoint = 0;
        int needed = 0;
        int lower = 0x80;
        int upper = 0xBF;
        for (int i = 0; i < bytes.length; i++) {
            int b = bytes[i] & 0xFF;
            if (needed > 0 && (b < lower || b > upper)) {
                out.append('\uFFFD');
                needed = 0;
                lower = 0x80;
                upper = 0xBF;
            }
            if (needed > 0) {
                lower = 0x80;
                upper = 0xBF;
                codePoint = (codePoint << 6) | (b & 0x3F);
                if (--needed == 0) {
                    out.appendCodePoint(codePoint);
                }
            } else if (b < 0x80) {
                out.append((char) b);
            } else if (b >= 0xC2 && b <= 0xF4) {
                needed = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
                codePoint = b & (0x3F >> needed);
                lower = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
                upper = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
            } else {
                out.append('\uFFFD');
            }
        }
        return needed > 0 ? out.append('\uFFFD').toString() : out.toString();
    }
}
