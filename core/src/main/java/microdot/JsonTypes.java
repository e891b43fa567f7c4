package microdot;

import java.lang.invoke.MethodType;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a client should send for a Java type, in words that name no class. */
final class JsonTypes {
    private static final Set<Class<?>> WHOLE =
            Set.of(Byte.class, Short.class, Integer.class, Long.class, BigInteger.class);

    private static final int MOST_NAMES = 20;

    private JsonTypes() {}

    static String name(Class<?> given) {
        Class<?> type = MethodType.methodType(given).wrap().returnType();
        if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return "one of "
                    + Arrays.stream(constants)
                            .limit(MOST_NAMES)
                            .map(constant -> ((Enum<?>) constant).name())
                            .collect(Collectors.joining(", "))
                    + (constants.length > MOST_NAMES ? ", …" : "");
        }
        if (WHOLE.contains(type)) {
            return "a whole number" + range(type);
        }
        if (Number.class.isAssignableFrom(type)) {
            return "a number";
        }
        if (type == Boolean.class) {
            return "true or false";
        }
        if (CharSequence.class.isAssignableFrom(type) || type == Character.class) {
            return "a text";
        }
        if (type.isArray() || Collection.class.isAssignableFrom(type)) {
            return "an array";
        }
        boolean object = type.isRecord() || Map.class.isAssignableFrom(type);
        return object ? "an object" : "a value of the right type";
    }

    private static String range(Class<?> type) {
        if (type == Integer.class) {
            return " from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE;
        }
        return type == Long.class ? " from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE : "";
    }
}
