package microdot.sse;

import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import microdot.sse.log.Epoch;
import org.jspecify.annotations.Nullable;

/**
 * An id on the stream of a run, {@code epoch.token-position} on the wire. The token is random: a
 * client that has received no event of the run cannot make an id that resumes it.
 */
record RunEventId(String epoch, String token, long position) {
    private static final int TOKEN_LENGTH = 22; // 131 bits.
    private static final Pattern SHAPE =
            Pattern.compile(
                    "([A-Za-z0-9]{10})\\.([A-Za-z0-9]{" + TOKEN_LENGTH + "})-(0|[1-9][0-9]{0,17})");
    private static final String ALPHABET =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SHOWN = 6;

    /** Returns the id; null when the text does not have its shape. */
    static @Nullable RunEventId parse(String text) {
        Matcher parts = SHAPE.matcher(text);
        return parts.matches()
                ? new RunEventId(parts.group(1), parts.group(2), Long.parseLong(parts.group(3)))
                : null;
    }

    static String newToken() {
        return RANDOM.ints(TOKEN_LENGTH, 0, ALPHABET.length())
                .mapToObj(index -> String.valueOf(ALPHABET.charAt(index)))
                .collect(Collectors.joining());
    }

    /** Returns whether the id was given in this epoch. */
    boolean isOf(Epoch order) {
        return order.name().equals(epoch);
    }

    /** Returns the beginning of the id of a run, for log entries: the id is the right to follow. */
    static String shortened(String id) {
        return id.substring(0, Math.min(SHOWN, id.length() / 2)) + "…";
    }
}
