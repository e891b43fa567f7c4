package microdot;

import java.time.Duration;
import microdot.internal.Required;

/** Checks of the values of options. A message names the option, the value and what was expected. */
final class OptionChecks {
    // A hundred years: the sum of this and a point in time still fits a long in nanoseconds.
    private static final int MAX_DAYS = 36_500;

    private OptionChecks() {}

    static void port(int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
        }
    }

    static void zeroOrMoreBytes(String name, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(
                    name + ": " + bytes + " (expected: a number of bytes, or 0)");
        }
    }

    static void positiveBytes(String name, int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException(
                    name + ": " + bytes + " (expected: a positive number of bytes)");
        }
    }

    static void atLeast(int least, String name, int count) {
        if (count < least) {
            throw new IllegalArgumentException(
                    name + ": " + count + " (expected: at least " + least + ")");
        }
    }

    static void positive(String name, Duration value) {
        Required.notNull(value, name, "a duration");
        if (value.isZero()) {
            throw outOfRange(name, value, "more than zero");
        }
        check(name, value, "more than zero");
    }

    static void zeroOrMore(String name, Duration value) {
        check(name, value, "zero or more");
    }

    private static void check(String name, Duration value, String range) {
        Required.notNull(value, name, "a duration");
        if (value.isNegative() || value.toDays() >= MAX_DAYS) {
            throw outOfRange(name, value, range);
        }
    }

    private static IllegalArgumentException outOfRange(String name, Duration value, String range) {
        return new IllegalArgumentException(
                name
                        + ": "
                        + value
                        + " (expected: "
                        + range
                        + ", less than "
                        + MAX_DAYS
                        + " days)");
    }
}
