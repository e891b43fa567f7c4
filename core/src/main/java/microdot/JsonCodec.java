package microdot;

/** Writes values as JSON and reads JSON as values. All threads share one instance. */
public interface JsonCodec {
    /** The default codec: Jackson with its standard settings. */
    static JsonCodec standard() {
        // Local, because a nested class of an interface would be public.
        record Standard(Jackson jackson) implements JsonCodec {
            static final JsonCodec INSTANCE = new Standard(new Jackson());

            @Override
            public byte[] encode(Object value) {
                return jackson.encode(value);
            }

            @Override
            public <T> T decode(byte[] json, Class<T> type) {
                return jackson.decode(json, type);
            }
        }
        return Standard.INSTANCE;
    }

    /**
     * Returns the value as JSON in UTF-8.
     *
     * @throws IllegalArgumentException when the value cannot be written as JSON
     */
    byte[] encode(Object value);

    /**
     * Returns the JSON text, in UTF-8, as a value of the type.
     *
     * @throws IllegalArgumentException when the text is not JSON, or not JSON of that type
     */
    <T> T decode(byte[] json, Class<T> type);
}
