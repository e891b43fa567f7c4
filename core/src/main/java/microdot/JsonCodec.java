package microdot;

/** Turns values into JSON and back. One instance serves all threads. */
public interface JsonCodec {
    /** The codec that is used unless another is given: Jackson with its standard settings. */
    static JsonCodec standard() {
        return JacksonCodec.INSTANCE;
    }

    /**
     * The value as JSON in UTF-8.
     *
     * @throws IllegalArgumentException when the value cannot be written
     */
    byte[] encode(Object value);

    /**
     * The JSON text in UTF-8 as a value of the type.
     *
     * @throws IllegalArgumentException when the text is not JSON, or not of that type
     */
    <T> T decode(byte[] json, Class<T> type);
}
