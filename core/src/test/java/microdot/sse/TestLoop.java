package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** An event loop that runs only when the test says so, on the test's thread. */
final class TestLoop implements Executor {
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private volatile boolean stopped;

    @Override
    public void execute(Runnable task) {
        if (stopped) {
            throw new RejectedExecutionException("stopped");
        }
        tasks.add(task);
    }

    /** Runs all tasks, and the tasks that they add. */
    TestLoop run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
        return this;
    }

    /** Runs one task; returns whether there was one. */
    boolean step() {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Runs all tasks, and those that other threads add until the condition holds. */
    void runUntil(BooleanSupplier done) {
        try {
            while (!done.getAsBoolean()) {
                Runnable task = tasks.poll(30, TimeUnit.SECONDS);
                assertNotNull(task, "no task for the loop within 30 s");
                task.run();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        run();
    }

    /** Stops, as the loop of a stopped server. */
    void stop() {
        stopped = true;
        tasks.clear();
    }
}
