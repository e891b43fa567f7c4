package microdot.sse;

import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a client stands: the epoch of the log and a position in it, {@code epoch-position} on the
 * wire. The epoch keeps a number of an earlier life of the log from being taken for one of this:
 * after a restart the same number means another event.
 */
record EventId(String epoch, long position) {
    private static final Pattern SHAPE = Pattern.compile("([A-Za-z0-9]{10})-(0|[1-9][0-9]{0,17})");
    private static final String ALPHABET =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /** The id, or null when the text is none of ours. */
    static @Nullable EventId parse(String text) {
        Matcher parts = SHAPE.matcher(text);
        return parts.matches() ? new EventId(parts.group(1), Long.parseLong(parts.group(2))) : null;
    }

    /** Ten letters and digits at random: 59 bits. */
    static String newEpoch() {
        return new SecureRandom()
                .ints(10, 0, ALPHABET.length())
                .mapToObj(ALPHABET::charAt)
                .collect(StringBuilder::new, StringBuilder::append, StringBuilder::append)
                .toString();
    }

    @Override
    public String toString() {
        return epoch + "-" + position;
    }
}
