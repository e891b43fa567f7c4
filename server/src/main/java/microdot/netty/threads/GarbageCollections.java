package microdot.netty.threads;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How long the garbage collector has stopped the process: then no thread has run, and none was
 * blocked by another. Nothing is known without the module {@code java.management}.
 */
final class GarbageCollections {
    private final List<GarbageCollectorMXBean> collectors = collectors();
    private long before = time();

    private static List<GarbageCollectorMXBean> collectors() {
        try {
            return ManagementFactory.getGarbageCollectorMXBeans().stream()
                    .filter(collector -> !collector.getName().endsWith("Cycles")) // Concurrent.
                    .toList();
        } catch (NoClassDefFoundError e) {
            return List.of();
        }
    }

    /** Returns the time since the last call, in nanoseconds. */
    long since() {
        long last = before;
        before = time();
        return before - last;
    }

    private long time() {
        long millis = 0;
        for (GarbageCollectorMXBean collector : collectors) {
            millis += Math.max(0, collector.getCollectionTime());
        }
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
