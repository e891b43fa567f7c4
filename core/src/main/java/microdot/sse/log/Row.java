package microdot.sse.log;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One change of a table: a row that is put, or its removal. Its bytes are never changed, so that
 * any thread may read them; its position and its time are set once, under the lock of the order.
 */
public final class Row {
    private final String key;
    private final EncodedEvent event;
    private final int keyFrom;
    private final int keyTo;
    private final int valueFrom;
    private final int valueTo;

    /** For a removal: the row that it removes; null for whatever row has the key. */
    private final @Nullable Row expected;

    // A Long, so that a table looks it up without an allocation that could fail.
    private @Nullable Long position;
    private long time;

    private Row(
            String key,
            EncodedEvent event,
            int keyFrom,
            int keyTo,
            int valueFrom,
            int valueTo,
            @Nullable Row expected) {
        this.key = key;
        this.event = event;
        this.keyFrom = keyFrom;
        this.keyTo = keyTo;
        this.valueFrom = valueFrom;
        this.valueTo = valueTo;
        this.expected = expected;
    }

    /**
     * A row that is put.
     *
     * @param event what followers get; the rest of it holds the key and the value as JSON
     * @param keyFrom where the key begins in the rest of the event
     */
    public static Row put(
            String key, EncodedEvent event, int keyFrom, int keyTo, int valueFrom, int valueTo) {
        return new Row(key, event, keyFrom, keyTo, valueFrom, valueTo, null);
    }

    /**
     * A removal.
     *
     * @param expected the row to remove; null for whatever row has the key
     */
    public static Row removal(String key, EncodedEvent event, @Nullable Row expected) {
        return new Row(key, event, 0, 0, 0, 0, expected);
    }

    public String key() {
        return key;
    }

    EncodedEvent event() {
        return event;
    }

    /** Returns whether it removes a row. */
    public boolean isRemoval() {
        return valueTo == 0;
    }

    /** Returns the value as JSON. */
    public byte[] value() {
        return Arrays.copyOfRange(event.rest(), valueFrom, valueTo);
    }

    /** Returns how many bytes {@link #writeTo} writes. */
    public int jsonLength() {
        return keyTo - keyFrom + 1 + valueTo - valueFrom;
    }

    /** Writes the key, a colon and the value. */
    public void writeTo(ByteArrayOutputStream out) {
        out.write(event.rest(), keyFrom, keyTo - keyFrom);
        out.write(':');
        out.write(event.rest(), valueFrom, valueTo - valueFrom);
    }

    /** Returns the frame with its id. */
    Frame frame(byte[] idLine) {
        byte[] bytes = event.toBytes(idLine);
        return new Frame(position(), bytes, 0, bytes.length);
    }

    // ---- Under the lock of the order ----

    void placed(long at, long now) {
        position = at;
        time = now;
    }

    /** Returns the position of the change, which has been appended. */
    public Long position() {
        return Objects.requireNonNull(position);
    }

    long time() {
        return time;
    }

    /** Returns the row that a removal is for; null for whatever row has the key. */
    public @Nullable Row expected() {
        return expected;
    }

    boolean removes(Row row) {
        return expected == null || expected.equals(row);
    }

    /** Returns what it takes of the heap, in bytes. */
    long cost() {
        return MemoryBudget.ROW + key.length() + event.rest().length;
    }
}
