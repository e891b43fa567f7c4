package microdot.netty.threads;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Raises the number of carrier threads while virtual threads block them, and lowers it later. */
final class CarrierCount {
    /** As many as the JDK starts at most by itself. */
    private static final int MOST = 256;

    private static final long WINDOW = TimeUnit.SECONDS.toNanos(10);

    private @Nullable VirtualThreadScheduler scheduler;
    private boolean sought;
    private int configured;
    private int raised; // 0 while it is as configured.
    private volatile int added;
    private int leastMounted;
    private long windowFrom;

    /** Doubles the number. Returns false if it may not rise, or cannot on this Java. */
    boolean raise(long now) {
        if (!sought) {
            sought = true;
            scheduler = VirtualThreadScheduler.find();
        }
        if (scheduler == null) {
            return false;
        }
        int current = scheduler.parallelism();
        int next = (int) Math.min(MOST, current * 2L);
        if (next <= current) {
            return false;
        }
        if (raised == 0) {
            configured = current;
        }
        raised = next;
        added = next - configured;
        scheduler.setParallelism(next);
        begin(now);
        return true;
    }

    private void begin(long now) {
        windowFrom = now;
        leastMounted = MOST;
    }

    /** Returns how many were added to what is configured. From any thread. */
    int added() {
        return added;
    }

    boolean isRaised() {
        return raised > 0;
    }

    /** Lowers the number to what is configured, and as many more as were held all the time. */
    void lower(long now) {
        if (raised == 0 || scheduler == null) {
            return;
        }
        leastMounted = Math.min(leastMounted, scheduler.mounted());
        if (now - windowFrom < WINDOW) {
            return;
        }
        if (scheduler.parallelism() != raised) {
            raised = 0; // Other code has set it.
            added = 0;
            return;
        }
        int needed = configured + Math.max(0, leastMounted);
        if (needed < raised) {
            scheduler.setParallelism(needed);
            raised = needed == configured ? 0 : needed;
            added = needed - configured;
        }
        begin(now);
    }
}
