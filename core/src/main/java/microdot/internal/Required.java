package microdot.internal;

import org.jspecify.annotations.Nullable;

/** Refuses null where a public method needs a value. */
public final class Required {
    private Required() {}

    /**
     * Returns the value.
     *
     * @param name of the parameter
     * @param expected what the parameter must be, such as {@code a path}
     * @throws IllegalArgumentException when the value is null
     */
    public static <T> T notNull(@Nullable T value, String name, String expected) {
        if (value == null) {
            throw new IllegalArgumentException(name + ": null (expected: " + expected + ")");
        }
        return value;
    }
}
