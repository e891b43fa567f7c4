package microdot;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Dates as header fields carry them (RFC 9110, section 5.6.7): {@code Sun, 06 Nov 1994 08:49:37
 * GMT}.
 */
public final class HttpDate {
    // The JDK's RFC 1123 format writes days below ten with one digit, which HTTP does not allow.
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
                    .withResolverStyle(ResolverStyle.STRICT)
                    .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    /** The instant, cut to the second. */
    public static String format(Instant instant) {
        return FORMAT.format(instant);
    }

    /** The instant, or null for text that is no such date: HTTP has invalid dates ignored. */
    static @Nullable Instant parse(@Nullable String text) {
        try {
            return text == null ? null : FORMAT.parse(text, Instant::from);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
