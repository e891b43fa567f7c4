package microdot.stores;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** The event loops of a benchmark: as many as there are processors, each of one thread. */
final class FollowerLoops {
    private final List<ExecutorService> loops =
            IntStream.range(0, Runtime.getRuntime().availableProcessors())
                    .mapToObj(i -> Executors.newSingleThreadExecutor(FollowerLoops::daemon))
                    .toList();
    private int next;

    /** Returns the loop of the next client. */
    ExecutorService next() {
        return loops.get(next++ % loops.size());
    }

    private static Thread daemon(Runnable task) {
        var thread = new Thread(task, "follower-loop");
        thread.setDaemon(true);
        return thread;
    }
}
