package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import microdot.sse.RunOptions.WhenNobodyFollows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class RunOptionsTest {
    private static void assertRefused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void copiesHaveTheNewValueAndKeepTheOthers() {
        var options =
                new RunOptions()
                        .maxRunning(3)
                        .maxBytes(4)
                        .keepFor(Duration.ofSeconds(5))
                        .whenNobodyFollows(WhenNobodyFollows.STOP)
                        .errorText(failure -> "x".repeat(2000));
        assertEquals(3, options.maxRunning());
        assertEquals(4, options.maxBytes());
        assertEquals(Duration.ofSeconds(5), options.keepFor());
        assertSame(WhenNobodyFollows.STOP, options.whenNobodyFollows());
        assertEquals("x".repeat(1000), options.errorText(new Exception(), "run a"));
        // Not in the middle of a pair.
        var pair = new RunOptions().errorText(failure -> "x".repeat(999) + "\ud83d\ude00");
        assertEquals("x".repeat(999), pair.errorText(new Exception(), "run a"));
        assertEquals(100, new RunOptions().maxRunning());
    }

    @Test
    void stopWaitsForARefresh() {
        assertEquals("stopAfter(PT2S)", WhenNobodyFollows.STOP.toString());
        assertEquals(Duration.ofSeconds(2).toNanos(), WhenNobodyFollows.STOP.nanos());
        assertTrue(WhenNobodyFollows.CONTINUE.nanos() < 0);
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
        assertTrue(WhenNobodyFollows.stopAfter(longest).nanos() > 0);
        assertTrue(new RunOptions().keepFor(longest).keepForNanos() > 0);
    }

    @Test
    void wrongValuesAreRefused() {
        var options = new RunOptions();
        assertRefused("maxRunning: 0 (expected: at least 1)", () -> options.maxRunning(0));
        assertRefused(
                "maxBytes: 0 (expected: a positive number of bytes)", () -> options.maxBytes(0));
        for (Duration time : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
            assertRefused(
                    "keepFor: " + time + " (expected: more than zero)",
                    () -> options.keepFor(time));
            assertRefused(
                    "stopAfter: " + time + " (expected: more than zero)",
                    () -> WhenNobodyFollows.stopAfter(time));
        }
    }
}
