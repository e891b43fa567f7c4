package microdot.nats;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Refuses values with a text that says what came and what was expected. */
final class Checks {
    /** A hundred years: as nanoseconds it is a long. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

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

    static void time(Duration least, String name, @Nullable Duration value) {
        Duration given = notNull(value, name, "a time of at least " + least);
        if (given.compareTo(least) < 0 || given.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + ": " + given + " (expected: " + least + " to " + LONGEST + ")");
        }
    }
}
