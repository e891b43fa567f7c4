package microdot.nats;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Refuses values with a text that says what came and what was expected. */
final class Checks {
    private Checks() {}

    static <T> T notNull(@Nullable T value, String name, String expected) {
        if (value == null) {
            throw new IllegalArgumentException(name + ": null (expected: " + expected + ")");
        }
        return value;
    }

    static void atLeast(long least, String name, long value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: at least " + least + ")");
        }
    }

    static void atLeast(Duration least, String name, @Nullable Duration value) {
        Duration given = notNull(value, name, "a time of at least " + least);
        if (given.compareTo(least) < 0) {
            throw new IllegalArgumentException(
                    name + ": " + given + " (expected: at least " + least + ")");
        }
    }
}
