package microdot.netty.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CarrierProbeTest {
    private final List<Runnable> started = new ArrayList<>();
    private boolean failing = true;

    private void start(Runnable thread) {
        if (failing) {
            throw new OutOfMemoryError("thrown by the test");
        }
        started.add(thread);
    }

    @Test
    void threadThatDidNotStartIsNoStandstill() {
        var probe = new CarrierProbe(this::start);
        assertThrows(OutOfMemoryError.class, () -> probe.waited(1));
        failing = false;
        assertEquals(0, probe.waited(5));
        assertEquals(1, started.size());
        assertEquals(7, probe.waited(7));
        started.getFirst().run();
        assertEquals(0, probe.waited(5));
    }
}
