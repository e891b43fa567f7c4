package microdot;

import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DatabindException;
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
            throw new IllegalArgumentException(forClient(e), e);
        }
        if (value == null) {
            throw new IllegalArgumentException("JSON: null (expected: a value)");
        }
        return value;
    }

    /** Where the mistake is. The library's own message names classes; it is the cause's. */
    private static String forClient(JacksonException e) {
        boolean wellFormed = e instanceof DatabindException;
        String names =
                e.getPath().stream()
                        .map(
                                step ->
                                        step.getPropertyName() == null
                                                ? step.getIndex()
                                                : step.getPropertyName())
                        .map(String::valueOf)
                        .collect(Collectors.joining("."));
        TokenStreamLocation at = e.getLocation();
        return "JSON"
                + (names.isEmpty() ? "" : " " + Quoted.of(names))
                + (at == null ? "" : ", line " + at.getLineNr() + ", column " + at.getColumnNr())
                + (wellFormed
                        ? ": not what is expected here (expected: a value of the right type)"
                        : ": malformed (expected: JSON)");
    }
}
