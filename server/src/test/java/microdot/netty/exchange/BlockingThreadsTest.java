package microdot.netty.exchange;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;

class BlockingThreadsTest {
    private static BlockingThreads failingWith(String message) {
        ThreadFactory factory =
                work -> {
                    throw new OutOfMemoryError(message);
                };
        return new BlockingThreads(1, factory);
    }

    @Test
    void threadThatTheSystemDoesNotStartRejectsTheWork() {
        String message = "unable to create native thread: possibly out of memory or process limits";
        assertFalse(failingWith(message).execute(() -> {}));
    }

    @Test
    void fullHeapIsNotTakenForIt() {
        BlockingThreads threads = failingWith("Java heap space");
        assertThrows(OutOfMemoryError.class, () -> threads.execute(() -> {}));
    }
}
