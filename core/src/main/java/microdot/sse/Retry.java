package microdot.sse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Times to reconnect, as frames. Each is drawn anew, so that who is sent away together does not
 * come back together.
 */
final class Retry {
    private static final long LEAST_MS = 500;

    private Retry() {}

    /** Exactly this time. */
    static byte[] in(Duration time) {
        return frame(time.toMillis());
    }

    /** Anywhere in the span behind the first half second, which a restart takes at least. */
    static byte[] within(Duration span) {
        return frame(LEAST_MS + ThreadLocalRandom.current().nextLong(span.toMillis() + 1));
    }

    /** Half to one and a half times as long. */
    static byte[] about(Duration time) {
        long half = time.toMillis() / 2;
        return frame(half + ThreadLocalRandom.current().nextLong(2 * half + 1));
    }

    private static byte[] frame(long milliseconds) {
        long bounded = Math.min(milliseconds, Integer.MAX_VALUE);
        return ("retry: " + bounded + "\n\n").getBytes(StandardCharsets.US_ASCII);
    }
}
