package microdot;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Jackson with its standard settings. No other class uses the library. */
final class Jackson {
    private final JsonMapper mapper = JsonMapper.shared();

    byte[] encode(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    value.getClass().getName()
                            + " cannot be written as JSON: "
                            + e.getOriginalMessage(),
                    e);
        }
    }

    <T> T decode(byte[] json, Class<T> type) {
        T value;
        try {
            value = mapper.readValue(json, type);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "not a JSON " + type.getSimpleName() + ": " + e.getOriginalMessage(), e);
        }
        if (value == null) {
            throw new IllegalArgumentException(
                    "JSON: null (expected: a " + type.getSimpleName() + ")");
        }
        return value;
    }
}
