package microdot.netty.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import microdot.ServerOptions;
import org.junit.jupiter.api.Test;

/** Bodies that handlers have handed over, and connections that are disconnected for them. */
class WaitingMemoryTest {
    private static final int MAX = 1 << 20;
    private static final int BODY = 100_000;

    private final WaitingMemory memory = new WaitingMemory(new ServerOptions().maxMemory(MAX));
    private final LoopMemory loop = new LoopMemory(memory);
    private final List<String> disconnected = new ArrayList<>();

    /** A connection in which bytes wait, as its event loop knows. */
    private void waits(String owner, int bytes) {
        assertTrue(loop.account(owner, () -> disconnected.add(owner)).output(bytes));
    }

    private boolean hand(HandedBodies connection) {
        return connection.add(new byte[BODY]) != null;
    }

    @Test
    void largestConnectionIsDisconnectedForABodyAndNoSecondBeforeItIsClosed() {
        waits("large", 800_000);
        waits("larger than 64 KiB", 200_000);
        assertTrue(hand(new HandedBodies(memory)));
        assertEquals(List.of("large"), disconnected);
        assertTrue(hand(new HandedBodies(memory)));
        assertTrue(hand(new HandedBodies(memory)));
        assertEquals(List.of("large"), disconnected);
    }

    @Test
    void connectionThatHasHandedOverMuchGetsNoMoreOfWhatIsUsedUp() {
        var greedy = new HandedBodies(memory);
        while (hand(greedy)) {
            assertTrue(memory.used() <= MAX, () -> "" + memory.used());
        }
        assertTrue(hand(new HandedBodies(memory)), "another connection gets some");
    }

    @Test
    void connectionThatHasHandedOverMuchNeedMakeNoMore() {
        var greedy = new HandedBodies(memory);
        while (hand(greedy)) {
            assertTrue(greedy.mayMake());
        }
        memory.waits(BODY);
        assertFalse(greedy.mayMake());
        assertTrue(new HandedBodies(memory).mayMake(), "another connection may");
        memory.waits(MAX / 4);
        assertFalse(new HandedBodies(memory).mayMake(), "more than a quarter too much");
    }

    @Test
    void bodiesOfManyConnectionsAreBounded() {
        int taken = 0;
        while (hand(new HandedBodies(memory))) {
            taken++;
        }
        assertEquals((MAX + MAX / 4) / BODY + 1, taken);
        assertEquals((long) taken * BODY, memory.used());
    }

    @Test
    void takenAndRejectedBodiesDoNotCount() {
        var connection = new HandedBodies(memory);
        byte[] shared = new byte[BODY];
        byte[] small = new byte[2_000];
        byte[] huge = new byte[3 * MAX];
        List<byte[]> bodies = List.of(shared, small, shared, huge);
        List<Runnable> taken =
                bodies.stream().map(body -> Objects.requireNonNull(connection.add(body))).toList();
        assertEquals(BODY + 2_000 + MAX / 2, memory.used());
        assertNull(connection.add(new byte[3 * MAX]));
        assertEquals(BODY + 2_000 + MAX / 2, memory.used());
        taken.forEach(Runnable::run);
        taken.forEach(Runnable::run); // Only the first run counts.
        assertEquals(0, memory.used());
        assertTrue(hand(connection));
    }
}
