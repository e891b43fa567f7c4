package microdot.redis;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs tasks one after another, on whatever thread adds one while none runs; nobody waits. A thread
 * that has run many leaves the others to the executor.
 */
final class Mailbox {
    private static final Logger LOG = System.getLogger("microdot.redis");
    private static final int MOST_TASKS = 256;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger scheduled = new AtomicInteger();
    private final List<Runnable> afterwards = new ArrayList<>(); // Of the tasks.
    private final Runnable last;
    private final Executor rest;

    /**
     * @param last runs when no task waits, and after many
     */
    Mailbox(Runnable last, Executor rest) {
        this.last = last;
        this.rest = rest;
    }

    void post(Runnable task) {
        tasks.add(task);
        if (scheduled.getAndIncrement() == 0) {
            drain();
        }
    }

    /** Runs an action of others after {@link #last}; called by tasks. */
    void afterwards(Runnable action) {
        afterwards.add(action);
    }

    private void drain() {
        while (runMany() > 0) {
            try {
                rest.execute(this::drain);
                return;
            } catch (RejectedExecutionException e) {
                // The store closes: this thread runs the rest, or it would wait for ever.
            }
        }
    }

    /** Returns how many tasks wait. */
    private int runMany() {
        int run = 0;
        int left;
        do {
            Runnable task = tasks.poll();
            if (task != null) {
                run(task);
            }
            run++;
            if (scheduled.get() == 1 || run == MOST_TASKS) {
                run(last);
                // An action may add another one.
                for (int i = 0; i < afterwards.size(); i++) {
                    run(afterwards.get(i));
                }
                afterwards.clear();
            }
            left = scheduled.decrementAndGet();
        } while (left != 0 && run < MOST_TASKS);
        return left;
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) { // The next tasks run in any case.
            try {
                LOG.log(Level.ERROR, "Redis: an append was not understood; it fails later", e);
            } catch (Error full) {
                // There is no memory for the entry either.
            }
        }
    }
}
