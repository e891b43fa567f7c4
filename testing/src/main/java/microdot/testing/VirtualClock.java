package microdot.testing;

import java.time.Duration;
import java.time.Instant;

/** The time of a test client: it passes when the test says so. */
final class VirtualClock {
    private volatile Duration elapsed = Duration.ZERO;

    /** Returns how much time the test let pass. */
    Duration elapsed() {
        return elapsed;
    }

    /** Returns the time of the wall clock, and what the test let pass. */
    Instant now() {
        return Instant.now().plus(elapsed);
    }

    synchronized void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time: " + time + " (expected: zero or more)");
        }
        elapsed = elapsed.plus(time);
    }
}
