package microdot.netty.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SendRingTest {
    @Test
    void lostResultDoesNotHoldUpTheLoop() {
        assertThrows(
                IllegalStateException.class, () -> SendRing.runUntil(() -> false, () -> {}, 1000));
    }

    @Test
    void runEndsWithTheLastResult() {
        var steps = new AtomicInteger();
        SendRing.runUntil(() -> steps.get() == 3, steps::incrementAndGet, Long.MAX_VALUE);
        assertEquals(3, steps.get());
    }
}
