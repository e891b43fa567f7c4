package microdot.sse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import microdot.ClosingFrames;

/**
 * Reconnect delays as frames. Random delays are drawn for each client, so that clients rejected
 * together do not reconnect together.
 */
final class Retry {
    private Retry() {}

    /** Returns a frame with exactly this delay. */
    static byte[] in(Duration delay) {
        return frame(delay.toMillis());
    }

    /**
     * Returns a frame with a random delay, from the shortest that a server asks for up to that plus
     * the span.
     */
    static byte[] within(Duration span) {
        return frame(
                ClosingFrames.MIN_RECONNECT_DELAY.toMillis()
                        + ThreadLocalRandom.current().nextLong(span.toMillis() + 1));
    }

    /** Returns a frame with a random delay of 0.5 to 1.5 times this one. */
    static byte[] about(Duration delay) {
        long half = delay.toMillis() / 2;
        return frame(half + ThreadLocalRandom.current().nextLong(2 * half + 1));
    }

    private static byte[] frame(long milliseconds) {
        long bounded = Math.min(milliseconds, Integer.MAX_VALUE);
        return ("retry: " + bounded + "\n\n").getBytes(StandardCharsets.US_ASCII);
    }
}
