package microdot.sse.log;

import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;

/** The delivery task of each event loop that serves followers. Thread-safe, without a lock. */
public final class DeliveryTasks {
    // A few: one for each event loop.
    private final AtomicReference<DeliveryTask[]> tasks =
            new AtomicReference<>(new DeliveryTask[0]);

    /** Returns the loop's task, with one follower more. */
    public DeliveryTask join(Executor loop) {
        while (true) {
            DeliveryTask[] known = tasks.get();
            for (DeliveryTask task : known) {
                if (task.isOf(loop) && task.join()) {
                    return task;
                }
            }
            var task = new DeliveryTask(loop);
            DeliveryTask[] more = Arrays.copyOf(known, known.length + 1);
            more[known.length] = task;
            if (tasks.compareAndSet(known, more)) {
                return task;
            }
        }
    }

    /** Releases the tasks of loops that serve no followers. */
    public void releaseUnused() {
        while (true) {
            DeliveryTask[] known = tasks.get();
            DeliveryTask[] used =
                    Arrays.stream(known)
                            .filter(task -> !task.release())
                            .toArray(DeliveryTask[]::new);
            if (used.length == known.length || tasks.compareAndSet(known, used)) {
                return;
            }
        }
    }

    /** Returns how many loops are known. */
    public int loops() {
        return tasks.get().length;
    }
}
