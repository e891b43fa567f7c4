package microdot.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import org.jspecify.annotations.Nullable;

/**
 * Encodes events and comments as bytes of the stream. It makes one pass, into one buffer that
 * starts with a byte for each character: ASCII text without line breaks fits exactly and is not
 * copied again.
 *
 * <p>{@link String#getBytes} would write {@code ?} for half of a surrogate pair; browsers write
 * U+FFFD, and so does this.
 */
final class EventEncoder {
    // The space is for values that start with one: a parser removes the first.
    private static final byte[] EVENT = "event: ".getBytes(US_ASCII);
    private static final byte[] ID = "id: ".getBytes(US_ASCII);
    private static final byte[] RETRY = "retry: ".getBytes(US_ASCII);
    private static final byte[] DATA = "data: ".getBytes(US_ASCII);
    private static final byte[] COMMENT = ": ".getBytes(US_ASCII);

    /** The frame that keeps a quiet stream alive: an empty comment. */
    static final byte[] HEARTBEAT = comment("");

    private static final String HEARTBEAT_EVENT = "event: heartbeat\ndata: ";

    private static final EncodedEvent CHECKPOINT =
            new EncodedEvent(
                    "event: checkpoint\n".getBytes(US_ASCII),
                    "data: \n\n".getBytes(US_ASCII),
                    null);

    private static final int REPLACEMENT = 0xFFFD;

    private static final ClassValue<Boolean> OWN_TEXT =
            new ClassValue<>() {
                @Override
                protected Boolean computeValue(Class<?> type) {
                    try {
                        return type.getMethod("toString").getDeclaringClass() != Object.class;
                    } catch (NoSuchMethodException e) {
                        throw new AssertionError(e); // Every class has one.
                    }
                }
            };

    private byte[] buffer;
    private int length;
    // Bytes of the buffer beyond those that the rest needs at one byte per character.
    private int spare;

    private EventEncoder(long capacity) {
        // Checked before the buffer is made: an array may not be able to hold the text.
        if (capacity > Event.MAX_BYTES) {
            throw tooLarge("at least " + capacity);
        }
        buffer = new byte[(int) capacity];
    }

    /**
     * Returns the event, with the empty line that ends it.
     *
     * @throws IllegalArgumentException when it takes more than {@link Event#MAX_BYTES}, or the
     *     codec cannot write the data
     */
    static byte[] encode(Event event, JsonCodec json) {
        Object data = event.isJson() ? json.encode(event.data()) : textOrBytes(event.data(), json);
        String retry = milliseconds(event.retry());
        long head = size(EVENT, event.event()) + size(ID, event.id()) + size(RETRY, retry);
        var out = new EventEncoder(head + size(DATA, data) + 1);
        out.field(EVENT, event.event());
        out.field(ID, event.id());
        out.field(RETRY, retry);
        out.field(DATA, data);
        return out.end();
    }

    /**
     * Returns the text as comment lines, one for each line of the text, with an empty line after.
     *
     * @throws IllegalArgumentException when they take more than {@link Event#MAX_BYTES}
     */
    static byte[] comment(String text) {
        var out = new EventEncoder(size(COMMENT, text) + 1);
        out.field(COMMENT, text);
        return out.end();
    }

    /**
     * Encodes an event whose id line is put in when it is appended to a log.
     *
     * @throws IllegalArgumentException when it takes more than {@link Event#MAX_BYTES}, or the
     *     codec cannot write the data
     */
    static EncodedEvent encodeWithoutId(Event event, JsonCodec json) {
        byte[] rest = encode(event.event(null).id(null), json);
        byte[] head = event.event() == null ? new byte[0] : nameLine(event.event());
        if (head.length + rest.length > Event.MAX_BYTES) {
            throw tooLarge(Integer.toString(head.length + rest.length));
        }
        return new EncodedEvent(head, rest, event.id());
    }

    private static byte[] nameLine(String name) {
        return ("event: " + name + "\n").getBytes(UTF_8);
    }

    /** Returns an event named {@code checkpoint}, which carries nothing but the id. */
    static byte[] checkpoint(byte[] idLine) {
        return CHECKPOINT.toBytes(idLine);
    }

    /**
     * Returns the heartbeat that a page can see, for clients that ask with {@code
     * ?heartbeat=event}. It has no id, so that it moves no position; its data is the interval in
     * milliseconds.
     */
    static byte[] heartbeat(Duration interval) {
        return (HEARTBEAT_EVENT + interval.toMillis() + "\n\n").getBytes(US_ASCII);
    }

    private static Object textOrBytes(Object data, JsonCodec json) {
        return switch (data) {
            case CharSequence text -> text.toString();
            case byte[] bytes -> bytes;
            case Map<?, ?> map -> json.encode(map);
            case Iterable<?> items -> json.encode(items);
            case Record fields -> json.encode(fields);
            default -> data.getClass().isArray() ? json.encode(data) : text(data);
        };
    }

    /** Rejects an object whose text would be like {@code Bean@1f32e575}. */
    private static String text(Object data) {
        if (!OWN_TEXT.get(data.getClass())) {
            throw new IllegalArgumentException(
                    "data: a "
                            + data.getClass().getName()
                            + ", which has no toString of its own (expected: text, byte[], Map,"
                            + " Iterable, array, record, number; Event.json(value) writes any object"
                            + " as JSON)");
        }
        return "" + data;
    }

    private static @Nullable String milliseconds(@Nullable Duration time) {
        return time == null ? null : Long.toString(time.toMillis());
    }

    /** Returns the bytes of a field that holds only ASCII and no line breaks. */
    private static long size(byte[] name, @Nullable Object value) {
        return switch (value) {
            case null -> 0;
            case byte[] bytes -> name.length + bytes.length + 1L;
            default -> name.length + value.toString().length() + 1L;
        };
    }

    private void field(byte[] name, @Nullable Object value) {
        switch (value) {
            case null -> {}
            case byte[] bytes -> lines(name, bytes);
            default -> lines(name, value.toString());
        }
    }

    private void lines(byte[] name, String text) {
        put(name, 0, name.length);
        for (int at = plain(text, 0); at < text.length(); at = plain(text, at)) {
            at += text.charAt(at) < 0x80 ? lineBreak(name, text, at) : beyondAscii(text, at);
        }
        buffer[length++] = '\n';
    }

    /**
     * Copies up to the first character that is not ASCII or breaks the line, and returns its index.
     */
    private int plain(String text, int from) {
        byte[] out = buffer;
        int to = length;
        int at = from;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c >= 0x80 || c == '\n' || c == '\r') {
                break;
            }
            out[to++] = (byte) c;
        }
        length = to;
        return at;
    }

    private int lineBreak(byte[] name, String text, int at) {
        int taken = text.startsWith("\r\n", at) ? 2 : 1;
        nextLine(name, taken);
        return taken;
    }

    private int beyondAscii(String text, int at) {
        int c = text.codePointAt(at);
        if (c >= 0x10000) {
            extra(2);
            continued(0xF0 | (c >> 18), c, 3);
            return 2;
        }
        if (c < 0x800) {
            extra(1);
            continued(0xC0 | (c >> 6), c, 1);
            return 1;
        }
        int kept = Character.isSurrogate((char) c) ? REPLACEMENT : c;
        extra(2);
        continued(0xE0 | (kept >> 12), kept, 2);
        return 1;
    }

    /**
     * Writes the first byte of a UTF-8 sequence, and as many more, each with six bits of the code
     * point.
     */
    private void continued(int first, int codePoint, int more) {
        buffer[length++] = (byte) first;
        for (int shift = 6 * (more - 1); shift >= 0; shift -= 6) {
            buffer[length++] = (byte) (0x80 | ((codePoint >> shift) & 0x3F));
        }
    }

    private void lines(byte[] name, byte[] text) {
        put(name, 0, name.length);
        int from = 0;
        for (int to = lineEnd(text, 0); to < text.length; to = lineEnd(text, from)) {
            put(text, from, to);
            int taken = isPair(text, to) ? 2 : 1;
            nextLine(name, taken);
            from = to + taken;
        }
        put(text, from, text.length);
        buffer[length++] = '\n';
    }

    private static boolean isPair(byte[] text, int at) {
        return text[at] == '\r' && at + 1 < text.length && text[at + 1] == '\n';
    }

    private static int lineEnd(byte[] text, int from) {
        int at = from;
        while (at < text.length && text[at] != '\n' && text[at] != '\r') {
            at++;
        }
        return at;
    }

    private void nextLine(byte[] name, int taken) {
        extra(1 + name.length - taken);
        buffer[length++] = '\n';
        put(name, 0, name.length);
    }

    private void put(byte[] bytes, int from, int to) {
        System.arraycopy(bytes, from, buffer, length, to - from);
        length += to - from;
    }

    private void extra(int bytes) {
        spare -= bytes;
        if (spare < 0) {
            int more = Math.max(-spare, buffer.length / 2);
            buffer = Arrays.copyOf(buffer, buffer.length + more);
            spare += more;
        }
    }

    private byte[] end() {
        buffer[length++] = '\n';
        if (length > Event.MAX_BYTES) {
            throw tooLarge(Integer.toString(length));
        }
        return length == buffer.length ? buffer : Arrays.copyOf(buffer, length);
    }

    static IllegalArgumentException tooLarge(String bytes) {
        return new IllegalArgumentException(
                "event or comment: "
                        + bytes
                        + " bytes on the wire (expected: at most "
                        + Event.MAX_BYTES
                        + ")");
    }
}
