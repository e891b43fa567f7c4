package microdot.sse.store;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import microdot.internal.Quoted;
import microdot.internal.Required;

/**
 * A time in which the engine lost nothing. Ids of clients begin with the name of their epoch.
 *
 * @param name ten letters and digits, unguessable
 * @param previousEnd the position up to which the engine has everything of the epochs before; what
 *     they had after it is lost. An id of theirs is valid up to here
 * @param first the first position of this epoch; more than the previous end
 */
public record StoreEpoch(String name, long previousEnd, long first) {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final String LETTERS =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int LENGTH = 10;

    /** Returns a name for a new epoch: ten random letters and digits, 59 bits. */
    public static String newName() {
        return RANDOM.ints(LENGTH, 0, LETTERS.length())
                .mapToObj(LETTERS::charAt)
                .collect(StringBuilder::new, StringBuilder::append, StringBuilder::append)
                .toString();
    }

    /**
     * Returns the position after which an epoch begins that knows no earlier one: an engine that is
     * empty may have been emptied, and clients have ids of what it had. 1,024 for each millisecond
     * since 2026, so every earlier position is below it, as long as on average less than a million
     * entries a second are appended. Below 2^53 until the year 2304.
     */
    public static long positionAt(Instant time) {
        Instant now = Required.notNull(time, "time", "an instant");
        return Math.max(0, Duration.between(START, now).toMillis()) << 10;
    }

    /**
     * @throws IllegalArgumentException when the name is not ten letters and digits, or the
     *     positions are not in order
     */
    public StoreEpoch {
        Required.notNull(name, "name", "ten letters and digits");
        if (!name.matches("[A-Za-z0-9]{10}")) {
            throw new IllegalArgumentException(
                    "epoch: " + Quoted.of(name) + " (expected: ten letters and digits)");
        }
        if (previousEnd < 0 || first <= previousEnd) {
            throw new IllegalArgumentException(
                    "epoch: first position "
                            + first
                            + " after "
                            + previousEnd
                            + " (expected: rising positions)");
        }
    }
}
