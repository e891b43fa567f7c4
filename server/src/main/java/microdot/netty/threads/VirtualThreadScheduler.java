package microdot.netty.threads;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of the JVM's virtual threads. Its MXBean exists since Java 24 and is called by
 * name, because this is compiled for Java 21.
 */
final class VirtualThreadScheduler {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final String BEAN = "jdk.management.VirtualThreadSchedulerMXBean";

    private final Object bean;
    private final Method parallelism;
    private final Method setParallelism;
    private final Method mounted;

    private VirtualThreadScheduler(Object bean, Class<?> type) throws NoSuchMethodException {
        this.bean = bean;
        this.parallelism = type.getMethod("getParallelism");
        this.setParallelism = type.getMethod("setParallelism", int.class);
        this.mounted = type.getMethod("getMountedVirtualThreadCount");
    }

    /** Returns the scheduler; null on an older Java, or without the module jdk.management. */
    static @Nullable VirtualThreadScheduler find() {
        try {
            var type = Class.forName(BEAN).asSubclass(PlatformManagedObject.class);
            return new VirtualThreadScheduler(ManagementFactory.getPlatformMXBean(type), type);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            LOG.log(Level.DEBUG, "the number of carrier threads cannot be changed", e);
            return null;
        }
    }

    /** Returns how many carrier threads may run at the same time. */
    int parallelism() {
        return call(parallelism);
    }

    /** Returns about how many carrier threads run a virtual thread now. */
    int mounted() {
        return call(mounted);
    }

    /**
     * Sets how many carrier threads may run at the same time. On a new platform thread, which
     * starts a virtual thread as well: the scheduler starts a carrier thread only for a task in an
     * empty queue, and each platform thread has its own queue.
     */
    void setParallelism(int count) {
        Thread.ofPlatform()
                .daemon()
                .name("microdot-carriers")
                .start(
                        () -> {
                            call(setParallelism, count);
                            Thread.ofVirtual().start(() -> {});
                        });
    }

    private int call(Method method, Object... arguments) {
        try {
            return method.invoke(bean, arguments) instanceof Integer number ? number : 0;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(BEAN + " cannot be called", e);
        }
    }
}
