package microdot.sse.log;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** The delivery task of each event loop that serves followers. */
public final class DeliveryTasks {
    private final Map<Executor, DeliveryTask> tasks = new ConcurrentHashMap<>();

    /** Returns the loop's task, with one follower more. Under the lock of the order. */
    public DeliveryTask join(Executor loop) {
        DeliveryTask task = tasks.computeIfAbsent(loop, DeliveryTask::new);
        task.join();
        return task;
    }

    /** Releases the tasks of loops that serve no followers. Under the lock of the order. */
    public void releaseUnused() {
        tasks.values().removeIf(DeliveryTask::isUnused);
    }

    /** Returns how many loops are known. */
    public int loops() {
        return tasks.size();
    }
}
