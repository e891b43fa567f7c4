package microdot.netty.body;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;

class BodyClockTest {
    private static final ServerOptions OPTIONS =
            new ServerOptions().maxBody(1000).bodyTimeout(Duration.ofSeconds(20));

    private final BodyClock clock = new BodyClock();

    private static long seconds(long count) {
        return TimeUnit.SECONDS.toNanos(count);
    }

    @Test
    void onlyTimeInWhichTheServerReadsCounts() {
        clock.start(seconds(0));
        clock.stop(seconds(4));
        assertFalse(clock.isLate(seconds(1000), 0, OPTIONS));
        clock.start(seconds(1000));
        assertFalse(clock.isLate(seconds(1000), 0, OPTIONS));
        assertTrue(clock.isLate(seconds(1002), 0, OPTIONS));
    }

    @Test
    void bodyThatIsTooSlowAfterFiveSecondsIsLate() {
        clock.start(seconds(0));
        assertFalse(clock.isLate(seconds(5), 0, OPTIONS));
        assertFalse(clock.isLate(seconds(6), 1440, OPTIONS));
        assertTrue(clock.isLate(seconds(6), 1439, OPTIONS));
    }

    @Test
    void bodyHasTheTimeoutOnceForEachMaxBodyBytes() {
        ServerOptions options = OPTIONS.maxBody(10_000);
        clock.start(seconds(0));
        assertFalse(clock.isLate(seconds(20), 9_999, options));
        assertTrue(clock.isLate(seconds(21), 9_999, options));
        assertFalse(clock.isLate(seconds(40), 10_000, options));
        assertTrue(clock.isLate(seconds(41), 19_999, options));
    }
}
