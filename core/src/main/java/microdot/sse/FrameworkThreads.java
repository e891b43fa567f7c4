package microdot.sse;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The platform threads for work of the framework that may wait for a lock but runs no code of the
 * application, such as gaps. On virtual threads it would wait for handlers that hold the carrier
 * threads. They end after a while without work.
 */
final class FrameworkThreads {
    static final Executor EXECUTOR = executor();

    private FrameworkThreads() {}

    private static Executor executor() {
        int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        var executor =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        10,
                        TimeUnit.SECONDS,
                        // Each follower has at most one task here.
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().name("microdot-topics-", 1).daemon().factory());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }
}
