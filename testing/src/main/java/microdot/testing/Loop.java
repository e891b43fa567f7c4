package microdot.testing;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Stands in for an event loop: one thread that runs tasks in order. All test clients share it, so
 * that two streams follow topics on one loop, as on a server.
 */
final class Loop {
    static final ExecutorService EXECUTOR =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("test-loop").daemon().factory());

    private Loop() {}

    /** Runs the task and waits for it. */
    static void call(Runnable task) {
        try {
            EXECUTOR.submit(task).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the task ran on the test's loop", e);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }
}
