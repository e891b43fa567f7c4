package microdot.netty.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import microdot.ServerOptions;
import microdot.netty.limits.WaitingMemory;
import org.junit.jupiter.api.Test;

class WriteBacklogTest {
    private final WaitingMemory memory = new WaitingMemory(new ServerOptions());
    private final WriteBacklog backlog = new WriteBacklog(1 << 20, memory);

    @Test
    void bytesThatWaitForTheLoopCountInTheMemory() throws Exception {
        assertTrue(backlog.add(new byte[100_000]));
        assertEquals(100_000, memory.used());
        assertFalse(backlog.add(new byte[20_000]));
        assertEquals(120_000, memory.used());
        backlog.take();
        assertEquals(0, memory.used());
    }

    @Test
    void smallWritesCountWhenManyWait() throws Exception {
        for (int i = 0; i < 1000; i++) {
            backlog.add(new byte[100]);
        }
        assertTrue(memory.used() > 80_000, () -> "" + memory.used());
        backlog.close();
        backlog.take(); // A closed backlog can still be taken.
        assertEquals(0, memory.used());
    }
}
