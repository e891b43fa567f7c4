package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import microdot.sse.log.Frame;
import org.junit.jupiter.api.Test;

class ColdHistoryTest {
    /** Another client may have read it when the process had come further. */
    @Test
    void partThatBeginsAfterWhatIsInMemorySkipsNothing() {
        var frames = List.of(new Frame(165, new byte[] {'x'}, 0, 1));
        var part = new ColdHistory.Part(160, 20, 170, false, false, frames);
        assertSame(part, part.until(170));
        assertSame(part, part.until(200));
        assertEquals(new ColdHistory.Part(29, 20, 29, false, false, List.of()), part.until(29));
    }

    /** A loss may come before what another client has read. */
    @Test
    void partEndsAtThePositionThatIsAskedFor() {
        var early = new Frame(165, new byte[] {'x'}, 0, 1);
        var late = new Frame(168, new byte[] {'y'}, 0, 1);
        var part = new ColdHistory.Part(160, 20, 170, false, false, List.of(early, late));
        assertEquals(
                new ColdHistory.Part(160, 20, 165, false, false, List.of(early)), part.until(165));
        assertEquals(new ColdHistory.Part(160, 20, 160, false, false, List.of()), part.until(160));
    }
}
