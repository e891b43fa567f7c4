package microdot.testing;

import org.jspecify.annotations.Nullable;

/** Refuses null where a test must give a value. */
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
