package microdot.sqlite;

import org.jspecify.annotations.Nullable;

/** Refuses null where a value is needed. */
final class Given {
    private Given() {}

    /**
     * Returns the value.
     *
     * @throws IllegalArgumentException when it is null
     */
    static <T> T value(@Nullable T value, String name, String expected) {
        if (value == null) {
            throw new IllegalArgumentException(name + ": null (expected: " + expected + ")");
        }
        return value;
    }
}
