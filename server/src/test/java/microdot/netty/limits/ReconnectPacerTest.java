package microdot.netty.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReconnectPacerTest {
    private static final long SECOND = 1000;

    /** Close to where the clock overflows and turns negative. */
    private static final long ORIGIN = Long.MAX_VALUE - 1000;

    /** Returns the most moments within any one second; all in milliseconds. */
    private static int peak(long[] moments) {
        long[] sorted = moments.clone();
        Arrays.sort(sorted);
        int from = 0;
        int peak = 0;
        for (int to = 0; to < sorted.length; to++) {
            while (sorted[to] - sorted[from] >= SECOND) {
                from++;
            }
            peak = Math.max(peak, to - from + 1);
        }
        return peak;
    }

    /** Returns when each client reconnects, from when it left and the delay that it was sent. */
    private static long[] reconnects(ReconnectPacer pacer, long[] departures) {
        return Arrays.stream(departures)
                .map(
                        at -> {
                            long now = ORIGIN + TimeUnit.MILLISECONDS.toNanos(at);
                            return at + pacer.take(now, departures.length).toMillis();
                        })
                .toArray();
    }

    @Test
    void clientsThatLeaveTogetherReconnectOneAfterAnother() {
        for (int perSecond : new int[] {1, 7, 200, 500, 5000}) {
            int many = perSecond * 3;
            long[] back = reconnects(new ReconnectPacer(perSecond, ORIGIN), new long[many]);
            assertTrue(peak(back) <= perSecond, () -> perSecond + ": " + peak(back));
            assertEquals(500, back[0]);
            assertTrue(back[many - 1] <= 500 + 3 * 1001, () -> "last at " + back[many - 1]);
        }
    }

    @Test
    void clientsThatLeaveAtRandomTimesReconnectAtTheConfiguredRate() {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("ReconnectPacerTest: -Dmicrodot.test.seed=" + seed);
        var random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            int perSecond = 1 + random.nextInt(600);
            int over = 1 + random.nextInt(5000);
            long[] left = random.longs(1000, 0, over).sorted().toArray();
            long[] back = reconnects(new ReconnectPacer(perSecond, ORIGIN), left);
            assertTrue(peak(back) <= perSecond, () -> perSecond + ": " + peak(back));
            assertTrue(IntStream.range(0, 1000).allMatch(i -> back[i] - left[i] >= 500));
        }
    }

    @Test
    void delayIsBoundedHoweverManyClientsAreRejected() {
        var pacer = new ReconnectPacer(10, ORIGIN);
        Duration longest = Duration.ZERO;
        for (int i = 0; i < 10_000; i++) {
            Duration time = pacer.take(ORIGIN, 1);
            longest = time.compareTo(longest) > 0 ? time : longest;
        }
        assertTrue(longest.compareTo(Duration.ofMillis(60_500)) <= 0, longest.toString());
        assertTrue(longest.compareTo(Duration.ofSeconds(50)) > 0, longest.toString());
        // Each open stream gets its own time, however long that takes.
        var many = new ReconnectPacer(10, ORIGIN);
        long last = 0;
        for (int i = 0; i < 1000; i++) {
            last = many.take(ORIGIN, 1000).toMillis();
        }
        assertEquals(500 + 999 * 1001 / 10, last);
    }
}
