package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** An event loop that turns only when the test says so, on the test's thread. */
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

    /** Runs what there is, and what comes of it. */
    TestLoop run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
        return this;
    }

    /** Runs one task; true when there was one. */
    boolean step() {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Runs what there is and what other threads still bring. */
    void runUntil(BooleanSupplier done) {
        try {
            while (!done.getAsBoolean()) {
                Runnable task = tasks.poll(30, TimeUnit.SECONDS);
                assertNotNull(task, "nothing comes to the loop any more");
                task.run();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        run();
    }

    /** As a server's that has stopped. */
    void stop() {
        stopped = true;
        tasks.clear();
    }
}
