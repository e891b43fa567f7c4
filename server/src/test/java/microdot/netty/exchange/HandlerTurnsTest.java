package microdot.netty.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class HandlerTurnsTest {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final HandlerTurns turns = new HandlerTurns(4, tasks::add);
    private final List<String> started = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    private void start(String client, int count) {
        for (int i = 0; i < count; i++) {
            turns.start(client, () -> started.add(client), failures::add);
        }
    }

    private void begun(int count) {
        for (int i = 0; i < count; i++) {
            turns.begun();
            runTasks();
        }
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private String started() {
        String all = String.join("", started);
        started.clear();
        return all;
    }

    @Test
    void threadStartsAtOnceWhileFewHaveNotBegun() {
        for (int i = 0; i < 100; i++) {
            start("a", 4);
            assertEquals("aaaa", started());
            begun(4);
        }
        assertEquals(0, turns.waiting());
    }

    @Test
    void clientsTakeTurns() {
        start("a", 100);
        start("b", 2);
        start("c", 1);
        runTasks();
        assertEquals("aaaa", started());
        assertEquals(99, turns.waiting());
        begun(6);
        assertEquals("abcaba", started());
        begun(1000);
        assertEquals("a".repeat(93), started());
        assertEquals(0, turns.waiting());
    }

    @Test
    void clientWhoseTurnsEndedBeginsAnew() {
        start("a", 10);
        start("b", 1);
        begun(6);
        started();
        start("b", 1);
        begun(2);
        assertEquals("ab", started());
    }

    @Test
    void threadsThatWaitStartOnlyOnceHalfOfThoseAheadHaveBegun() {
        start("a", 6);
        runTasks();
        begun(1);
        assertEquals("aaaa", started());
        begun(1);
        assertEquals("aa", started());
    }

    @Test
    void failureToStartIsThrownAtOnceAndHoldsNoPlace() {
        for (int i = 0; i < 10; i++) {
            assertThrows(
                    IllegalStateException.class,
                    () -> turns.start("a", HandlerTurnsTest::fail, failures::add));
        }
        start("a", 4);
        assertEquals("aaaa", started());
        assertEquals(List.of(), failures);
    }

    @Test
    void failureToStartInTurnIsToldAndHoldsNoPlace() {
        start("a", 4);
        for (int i = 0; i < 10; i++) {
            turns.start("b", HandlerTurnsTest::fail, failures::add);
        }
        start("c", 4);
        begun(8);
        assertEquals(10, failures.size());
        assertEquals("aaaacccc", started());
        assertEquals(0, turns.waiting());
    }

    private static void fail() {
        throw new IllegalStateException("thrown by the test");
    }
}
