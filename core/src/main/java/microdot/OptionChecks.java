package microdot;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import microdot.internal.IpNetworks;
import microdot.internal.Quoted;
import microdot.internal.Required;

/** Checks of the values of options. A message names the option, the value and what was expected. */
final class OptionChecks {
    // A hundred years: the sum of this and a point in time still fits a long in nanoseconds.
    private static final int MAX_DAYS = 36_500;

    private static final Pattern HOST =
            Pattern.compile("\\*|(?:\\*\\.)?[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*");

    private OptionChecks() {}

    /** Returns the names in lower case. */
    static List<String> hosts(String... names) {
        texts("hosts", names);
        return Arrays.stream(names).map(OptionChecks::host).toList();
    }

    private static String host(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!HOST.matcher(lower).matches() && IpNetworks.address(lower) == null) {
            throw new IllegalArgumentException(
                    "hosts: "
                            + Quoted.of(name)
                            + " (expected: a name without scheme and port, such as app.example or"
                            + " *.example.org, in ASCII; or an address, an IPv6 address without"
                            + " brackets)");
        }
        return lower;
    }

    static List<String> networks(String name, String... texts) {
        texts(name, texts);
        try {
            IpNetworks.of(List.of(texts));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
        return List.of(texts);
    }

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

    private static void texts(String option, String[] values) {
        for (String value : Required.notNull(values, option, "texts, perhaps none")) {
            Required.notNull(value, option, "no null among the texts");
        }
    }
}
