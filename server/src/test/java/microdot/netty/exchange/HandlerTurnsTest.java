package microdot.netty.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandlerTurnsTest {
    private static final int STARTERS = 4;
    private static final int STARTS = 20_000;

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

    @Test
    void othersAreStartedAlthoughAListenerFails() {
        start("a", 4);
        turns.start(
                "b",
                HandlerTurnsTest::fail,
                e -> {
                    throw new IllegalStateException("thrown by the listener");
                });
        start("c", 1);
        begun(4);
        assertEquals("aaaac", started());
    }

    @Test
    void threadsStartAfterTheEventLoopsHaveEnded() {
        var ended =
                new HandlerTurns(
                        1,
                        task -> {
                            throw new RejectedExecutionException();
                        });
        for (int i = 0; i < 3; i++) {
            ended.start("a", () -> started.add("a"), failures::add);
        }
        for (int i = 0; i < 3; i++) {
            ended.begun();
        }
        assertEquals("aaa", started());
    }

    /** Threads start and begin at the same time, on several threads: none is forgotten. */
    @Test
    void noThreadIsForgotten() throws Exception {
        var all = new CountDownLatch(STARTERS * STARTS);
        try (ExecutorService loop = Executors.newSingleThreadExecutor();
                ExecutorService carriers = Executors.newFixedThreadPool(3);
                ExecutorService starters = Executors.newFixedThreadPool(STARTERS)) {
            var busy = new HandlerTurns(4, loop);
            Runnable begin =
                    () -> {
                        busy.begun();
                        all.countDown();
                    };
            for (int i = 0; i < STARTERS; i++) {
                String client = "client " + i;
                starters.execute(
                        () -> {
                            for (int each = 0; each < STARTS; each++) {
                                busy.start(client, () -> carriers.execute(begin), Assertions::fail);
                            }
                        });
            }
            assertTrue(all.await(50, TimeUnit.SECONDS), () -> all.getCount() + " did not begin");
            assertEquals(0, busy.waiting());
        }
    }

    private static void fail() {
        throw new IllegalStateException("thrown by the test");
    }
}
