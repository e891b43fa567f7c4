package microdot;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.Locale;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Dates in header fields (RFC 9110, section 5.6.7): {@code Sun, 06 Nov 1994 08:49:37 GMT}. The two
 * obsolete forms are read too.
 */
public final class HttpDate {
    // The JDK's RFC 1123 format writes days below ten with one digit, which HTTP does not allow.
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
                    .withResolverStyle(ResolverStyle.STRICT)
                    .withZone(ZoneOffset.UTC);

    private static final DateTimeFormatter ASCTIME =
            new DateTimeFormatterBuilder()
                    .appendPattern("EEE MMM ")
                    .padNext(2)
                    .appendValue(ChronoField.DAY_OF_MONTH)
                    .appendPattern(" HH:mm:ss uuuu")
                    .toFormatter(Locale.US)
                    .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    /** Returns the instant as text, truncated to the second. */
    public static String format(Instant instant) {
        Required.notNull(instant, "instant", "a time");
        return FORMAT.format(instant);
    }

    /** Returns the instant, or null for null and any other text: HTTP ignores invalid dates. */
    public static @Nullable Instant parse(@Nullable String text) {
        if (text == null) {
            return null;
        }
        Instant instant = parse(text, FORMAT);
        if (instant == null) {
            instant = parse(text, ASCTIME);
        }
        return instant != null ? instant : parse(text, rfc850());
    }

    /** A year of two digits is at most 50 years ahead (RFC 9110, section 5.6.7). */
    private static DateTimeFormatter rfc850() {
        LocalDate first = LocalDate.now(ZoneOffset.UTC).minusYears(49);
        return new DateTimeFormatterBuilder()
                .appendPattern("EEEE, dd-MMM-")
                .appendValueReduced(ChronoField.YEAR, 2, 2, first)
                .appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.US)
                .withZone(ZoneOffset.UTC);
    }

    private static @Nullable Instant parse(String text, DateTimeFormatter format) {
        try {
            return format.parse(text, Instant::from);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
