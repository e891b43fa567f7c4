package microdot.netty.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import microdot.ServerOptions;
import org.junit.jupiter.api.Test;

class MemoryAccountTest {
    private final LoopMemory loop = new LoopMemory(new WaitingMemory(new ServerOptions()));

    private MemoryAccount waiting(Object owner) {
        MemoryAccount account = loop.account(owner, () -> {});
        assertTrue(account.output(100_000));
        return account;
    }

    @Test
    void clientThatReadsItsResponseIsSparedBeforeOneThatDoesNot() {
        MemoryAccount first = waiting("first");
        MemoryAccount second = waiting("second");
        long now = System.nanoTime();
        assertTrue(first.score(now) >= second.score(now), "the older is chosen");
        first.reads();
        now = System.nanoTime();
        assertTrue(first.score(now) <= second.score(now), "the client that reads is not older");
        second.reads();
        now = System.nanoTime();
        assertTrue(first.score(now) >= second.score(now));
    }

    @Test
    void accountWithoutBytesStaysEmpty() {
        loop.account("owner", () -> {}).reads();
        assertEquals(0, loop.account("owner", () -> {}).score(System.nanoTime()), 0.0);
    }
}
