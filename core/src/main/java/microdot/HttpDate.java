package microdot;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Dates in header fields (RFC 9110, section 5.6.7): {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
public final class HttpDate {
    // The JDK's RFC 1123 format writes days below ten with one digit, which HTTP does not allow.
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
                    .withResolverStyle(ResolverStyle.STRICT)
                    .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    /** Returns the instant as text, truncated to the second. */
    public static String format(Instant instant) {
        return FORMAT.format(instant);
    }

    /** Returns the instant, or null for any other text: HTTP ignores invalid dates. */
    static @Nullable Instant parse(@Nullable String text) {
        try {
            return text == null ? null : FORMAT.parse(text, Instant::from);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
