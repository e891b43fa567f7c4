package microdot.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Row;
import org.jspecify.annotations.Nullable;

/** Encodes the changes of a table as events: {@code put} and {@code remove}. */
final class RowEncoder {
    private static final byte[] PUT = "event: put\n".getBytes(US_ASCII);
    private static final byte[] REMOVE = "event: remove\n".getBytes(US_ASCII);
    private static final byte[] TABLE = "data: {\"table\":".getBytes(US_ASCII);
    private static final byte[] KEY = ",\"key\":".getBytes(US_ASCII);
    private static final byte[] VALUE = ",\"value\":".getBytes(US_ASCII);
    private static final byte[] END = "}\n\n".getBytes(US_ASCII);

    private final JsonCodec json;

    RowEncoder(JsonCodec json) {
        this.json = json;
    }

    /**
     * Returns the change that puts a row.
     *
     * @throws IllegalArgumentException when the value cannot be written as JSON and read again, or
     *     takes more than {@link Event#MAX_BYTES}
     */
    Row put(String table, String key, Object value) {
        return stored(table, key, readable(oneLine(json.encode(value))));
    }

    /**
     * Returns the change that puts a row.
     *
     * @param valueJson the value as JSON, in one line
     */
    Row stored(String table, String key, byte[] valueJson) {
        var out = new ByteArrayOutputStream(valueJson.length + 128);
        int keyFrom = start(out, table);
        out.writeBytes(json.encode(key));
        int keyTo = out.size();
        out.writeBytes(VALUE);
        int valueFrom = out.size();
        out.writeBytes(valueJson);
        int valueTo = out.size();
        return Row.put(key, event(PUT, out), keyFrom, keyTo, valueFrom, valueTo);
    }

    /**
     * Returns the change that removes a row.
     *
     * @param expected the row to remove; null for whatever row has the key
     */
    Row removal(String table, String key, @Nullable Row expected) {
        var out = new ByteArrayOutputStream(128);
        start(out, table);
        out.writeBytes(json.encode(key));
        return Row.removal(key, event(REMOVE, out), expected);
    }

    /**
     * Half of a surrogate pair, as JSON writes it, cannot be read in the name of a member. Then no
     * row of the table could be read any more.
     */
    private byte[] readable(byte[] value) {
        if (hasEscapedSurrogate(value)) {
            try {
                json.decode(value, Object.class);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "value: "
                                + e.getMessage()
                                + ", as it was written (expected: no half of a surrogate pair in a"
                                + " name)",
                        e);
            }
        }
        return value;
    }

    private static boolean hasEscapedSurrogate(byte[] json) {
        for (int i = 0; i + 3 < json.length; i++) {
            if (json[i] == '\\'
                    && json[i + 1] == 'u'
                    && (json[i + 2] | ' ') == 'd'
                    && json[i + 3] >= '8') {
                return true;
            }
        }
        return false;
    }

    private int start(ByteArrayOutputStream out, String table) {
        out.writeBytes(TABLE);
        out.writeBytes(json.encode(table));
        out.writeBytes(KEY);
        return out.size();
    }

    private static EncodedEvent event(byte[] name, ByteArrayOutputStream data) {
        data.writeBytes(END);
        if (name.length + data.size() > Event.MAX_BYTES) {
            throw EventEncoder.tooLarge(Integer.toString(name.length + data.size()));
        }
        return new EncodedEvent(name, data.toByteArray(), null);
    }

    /** A line break in JSON is between its tokens, where a space means the same. */
    private static byte[] oneLine(byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (text[i] == '\n' || text[i] == '\r') {
                text[i] = ' ';
            }
        }
        return text;
    }
}
