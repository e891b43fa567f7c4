package microdot.netty.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import microdot.ServerOptions;
import microdot.netty.limits.WaitingMemory;
import org.junit.jupiter.api.Test;

class WriteBacklogTest {
    private final WaitingMemory memory = new WaitingMemory(new ServerOptions());
    private final WriteBacklog backlog = new WriteBacklog(1 << 20, memory);

    @Test
    void bytesThatWaitForTheLoopCountInTheMemory() throws Exception {
        assertTrue(backlog.add(new byte[100_000], null));
        assertEquals(100_000, memory.used());
        assertFalse(backlog.add(new byte[20_000], null));
        assertEquals(120_000, memory.used());
        backlog.take();
        assertEquals(0, memory.used());
    }

    @Test
    void smallWritesCountWhenManyWait() throws Exception {
        for (int i = 0; i < 1000; i++) {
            backlog.add(new byte[100], null);
        }
        assertTrue(memory.used() > 80_000, () -> "" + memory.used());
        backlog.close();
        backlog.take(); // A closed backlog can still be taken.
        assertEquals(0, memory.used());
    }

    /** As a stream ends: its handler must see the end, and not a cancellation by somebody else. */
    @Test
    void writerThatIsInterruptedAfterTheEndSeesTheEnd() throws Exception {
        for (int i = 0; i < 200; i++) {
            var full = new WriteBacklog(1, memory);
            full.add(new byte[1], null);
            var thrown = new CompletableFuture<Exception>();
            Thread writer =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        try {
                                            full.add(new byte[1], null);
                                        } catch (Exception e) {
                                            thrown.complete(e);
                                        }
                                    });
            while (writer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            full.close();
            writer.interrupt();
            assertInstanceOf(ClosedChannelException.class, thrown.get(30, TimeUnit.SECONDS));
            writer.join();
        }
    }
}
