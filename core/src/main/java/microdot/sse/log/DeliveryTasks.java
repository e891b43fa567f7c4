package microdot.sse.log;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import microdot.internal.BriefLock;

/** The delivery task of each event loop that serves followers. Thread-safe. */
public final class DeliveryTasks {
    /** Written under the lock: an event loop must not queue for a monitor of the map. */
    private final Map<Executor, DeliveryTask> tasks = new ConcurrentHashMap<>();

    private final BriefLock lock = new BriefLock();

    /** Returns the loop's task, with one follower more. */
    public DeliveryTask join(Executor loop) {
        DeliveryTask known = tasks.get(loop);
        return known != null && known.join() ? known : joinLocked(loop);
    }

    private DeliveryTask joinLocked(Executor loop) {
        lock.lock();
        try {
            DeliveryTask known = tasks.get(loop);
            if (known != null && known.join()) {
                return known;
            }
            var task = new DeliveryTask(loop);
            tasks.put(loop, task);
            return task;
        } finally {
            lock.unlock();
        }
    }

    /** Releases the tasks of loops that serve no followers. */
    public void releaseUnused() {
        tasks.forEach(
                (loop, task) -> {
                    if (task.release()) {
                        remove(loop, task);
                    }
                });
    }

    private void remove(Executor loop, DeliveryTask task) {
        lock.lock();
        try {
            tasks.remove(loop, task);
        } finally {
            lock.unlock();
        }
    }

    /** Returns how many loops are known. */
    public int loops() {
        return tasks.size();
    }
}
