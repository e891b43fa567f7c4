package microdot;

import java.util.stream.Collectors;
import microdot.internal.Quoted;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.exc.InvalidDefinitionException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;

/** Jackson with its standard settings. No other class uses the library. */
final class Jackson {
    // A fraction must not get lost on the way to an int, and an object whose fields are private
    // must not become {}.
    private final JsonMapper mapper =
            JsonMapper.builder()
                    .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                    .enable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
                    .build();

    byte[] encode(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    value.getClass().getName() + " cannot be written as JSON: " + reason(e), e);
        }
    }

    private static String reason(JacksonException e) {
        String reason = String.valueOf(e.getOriginalMessage());
        boolean isEmpty = e instanceof InvalidDefinitionException && reason.contains("properties");
        return isEmpty
                ? ((InvalidDefinitionException) e).getType().getRawClass().getName()
                        + " has nothing to write (expected: a record with components, or a class"
                        + " with getters or public fields)"
                : reason;
    }

    <T> T decode(byte[] json, Class<T> type) {
        if (json.length == 0) {
            throw new IllegalArgumentException("JSON: an empty text (expected: a value)");
        }
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
        boolean wellFormed = e instanceof DatabindException || e instanceof InputCoercionException;
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
                        ? ": not what is expected here (expected: " + expected(e) + ")"
                        : ": malformed (expected: JSON)");
    }

    private static String expected(JacksonException e) {
        Class<?> type =
                switch (e) {
                    case MismatchedInputException wrong when isOfMember(wrong) ->
                            wrong.getTargetType();
                    case InputCoercionException outOfRange -> outOfRange.getTargetType();
                    default -> null;
                };
        return type == null ? "a value of the right type" : JsonTypes.name(type);
    }

    /** Of the whole value, it may also be one that ends too early or goes on. */
    private static boolean isOfMember(MismatchedInputException e) {
        return !e.getPath().isEmpty();
    }
}
