package microdot.sse;

import java.lang.ref.WeakReference;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Once a second, for all topics of the process and on one thread: lets go what is too old. */
final class Sweeper {
    private static final ScheduledExecutorService TIMER =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("microdot-sweeper").daemon().factory());

    private Sweeper() {}

    /** Sweeps as long as anybody holds the topics. */
    static void watch(Topics topics) {
        var reference = new WeakReference<>(topics);
        var self = new AtomicReference<@Nullable ScheduledFuture<?>>();
        self.set(
                TIMER.scheduleWithFixedDelay(() -> sweep(reference, self), 1, 1, TimeUnit.SECONDS));
    }

    private static void sweep(
            WeakReference<Topics> reference, AtomicReference<@Nullable ScheduledFuture<?>> self) {
        Topics topics = reference.get();
        ScheduledFuture<?> task = self.get();
        if (topics != null) {
            sweep(topics);
        } else if (task != null) {
            task.cancel(false);
        }
    }

    // What a timer's task throws would silently be the last of it.
    private static void sweep(Topics topics) {
        try {
            topics.sweep();
        } catch (RuntimeException | Error e) {
            Topics.LOG.log(System.Logger.Level.ERROR, "sweeping topics failed", e);
        }
    }
}
