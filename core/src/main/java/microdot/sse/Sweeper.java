package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.WeakReference;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/** Once a second, for all topics of the process and on one thread: trims what is too old. */
final class Sweeper {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private static final ScheduledExecutorService TIMER =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("microdot-sweeper").daemon().factory());

    private Sweeper() {}

    /** Sweeps as long as the registry is reachable and its order is open. */
    static void watch(TopicRegistry registry) {
        var reference = new WeakReference<>(registry);
        var self = new AtomicReference<@Nullable ScheduledFuture<?>>();
        self.set(
                TIMER.scheduleWithFixedDelay(() -> sweep(reference, self), 1, 1, TimeUnit.SECONDS));
    }

    private static void sweep(
            WeakReference<TopicRegistry> reference,
            AtomicReference<@Nullable ScheduledFuture<?>> self) {
        TopicRegistry registry = reference.get();
        ScheduledFuture<?> task = self.get();
        if (registry != null && !registry.order().isClosed()) {
            try {
                guarded(registry::sweep);
            } catch (VirtualMachineError e) { // The heap has no room for a log entry either.
                ProcessErrors.check(e);
            }
        } else if (task != null) {
            task.cancel(false);
        }
    }

    // An exception from a timer's task would silently be its last run.
    static void guarded(Runnable sweep) {
        try {
            sweep.run();
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            LOG.log(
                    Level.ERROR,
                    "sweeping topics failed; events that are too old are kept until the next sweep",
                    e);
        }
    }
}
