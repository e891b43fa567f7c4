package microdot.sse.store;

import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of one change of a topic. A store keeps all of it and looks into none of it but the
 * topic, the kind, the key and the id.
 *
 * @param kind what it is
 * @param topic 1 to 256 characters
 * @param key of a row, or of an event whose topic has keys; null for none
 * @param id that the publisher gave the event, at most 128 bytes in UTF-8; null when its position
 *     is its id
 * @param row for a removal, the position of the row that it removes; 0 for whatever row has the
 *     key, and for every other kind
 * @param bytes of an event: its fields as they go on the wire, without the id; of a row: its value
 *     as JSON; else empty. Never changed
 */
@SuppressWarnings("ArrayRecordComponent") // Not compared, and a copy of each would cost.
public record Entry(
        Kind kind,
        String topic,
        @Nullable String key,
        @Nullable String id,
        long row,
        byte[] bytes) {
    /** The kinds of entries, with the codes that a store writes. */
    public enum Kind {
        /** An event. */
        EVENT(1),
        /** A row that is put. */
        PUT(2),
        /** The removal of a row. */
        REMOVE(3),
        /** The end of a topic. */
        CLOSE(4),
        /** The removal of a topic, with everything before. */
        CLEAR(5);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** Returns the number that a store keeps; it never changes. */
        public int code() {
            return code;
        }

        /**
         * Returns the kind with a code.
         *
         * @throws IllegalArgumentException when there is none
         */
        public static Kind of(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IllegalArgumentException(
                    "kind: " + code + " (expected: 1 to " + values().length + ")");
        }
    }

    private static final byte[] NO_BYTES = {};

    /** Refuses null. */
    public Entry {
        Required.notNull(kind, "kind", "EVENT, PUT, REMOVE, CLOSE or CLEAR");
        Required.notNull(topic, "topic", "its name");
        Required.notNull(bytes, "bytes", "bytes, perhaps none");
    }

    /** An event. */
    public static Entry event(
            String topic, @Nullable String key, @Nullable String id, byte[] bytes) {
        return new Entry(Kind.EVENT, topic, key, id, 0, bytes);
    }

    /** A row that is put. */
    public static Entry put(String topic, String key, byte[] value) {
        Required.notNull(key, "key", "the key of the row");
        return new Entry(Kind.PUT, topic, key, null, 0, value);
    }

    /**
     * The removal of a row.
     *
     * @param row the position of the row; 0 for whatever row has the key
     */
    public static Entry remove(String topic, String key, long row) {
        Required.notNull(key, "key", "the key of the row");
        return new Entry(Kind.REMOVE, topic, key, null, row, NO_BYTES);
    }

    /** The end of a topic. */
    public static Entry close(String topic) {
        return new Entry(Kind.CLOSE, topic, null, null, 0, NO_BYTES);
    }

    /** The removal of a topic. */
    public static Entry clear(String topic) {
        return new Entry(Kind.CLEAR, topic, null, null, 0, NO_BYTES);
    }
}
