package microdot.sse;

import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.TimeUnit;

/**
 * The platform threads for work of the framework that may wait for a lock but runs no code of the
 * application, such as gaps. On virtual threads it would wait for handlers that block the carrier
 * threads. They end after a while without work.
 *
 * <p>Event loops and virtual threads submit work, so the queue must not have a lock that one of
 * them could wait for: that of a ThreadPoolExecutor has two, and this one has none.
 */
final class FrameworkThreads {
    static final Executor EXECUTOR = executor();

    private FrameworkThreads() {}

    private static Executor executor() {
        int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        return new ForkJoinPool(
                threads,
                FrameworkThreads::newThread,
                null,
                true, // First in, first out. Each follower has at most one task here.
                threads,
                threads,
                0,
                pool -> true,
                10,
                TimeUnit.SECONDS);
    }

    private static ForkJoinWorkerThread newThread(ForkJoinPool pool) {
        var thread = new ForkJoinWorkerThread(null, pool, true) {};
        thread.setName("microdot-topics-" + (thread.getPoolIndex() + 1));
        return thread;
    }
}
