package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import microdot.internal.ProcessErrors;
import microdot.internal.UserCode;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts application code that takes longer than its deadline. It has one platform thread for
 * the whole process, so that it also runs when that code blocks every carrier thread. It checks ten
 * times a second, and only while such code runs.
 */
final class Deadlines {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final long PERIOD = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Set<Timed> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        UserCode.OfTopics.set(RUNNING);
    }

    private static volatile boolean idle;

    private static final Thread THREAD =
            Thread.ofPlatform().name("microdot-deadlines").daemon().start(Deadlines::watch);

    private Deadlines() {}

    /** Something that must not take too long. */
    interface Timed extends UserCode {
        /** Ends it when it is overdue. On the thread of the deadlines; must not wait. */
        void checkDeadline(long now);
    }

    static void add(Timed timed) {
        RUNNING.add(timed);
        if (idle) {
            LockSupport.unpark(THREAD);
        }
    }

    static void remove(Timed timed) {
        RUNNING.remove(timed);
    }

    /** Returns the failure of code that is overdue on this thread, with its stack. */
    static TimeoutException overdue(@Nullable Thread thread, long timeout) {
        var failure =
                new TimeoutException(
                        "not finished within userCodeTimeout, "
                                + Duration.ofNanos(timeout)
                                + " (the stack is that of the code that runs)");
        if (thread != null) {
            failure.setStackTrace(thread.getStackTrace());
        }
        return failure;
    }

    private static void watch() {
        while (true) {
            // Set the flag before the check: a thread that adds later sees it and unparks.
            idle = true;
            while (RUNNING.isEmpty()) {
                LockSupport.park(RUNNING);
            }
            idle = false;
            LockSupport.parkNanos(RUNNING, PERIOD);
            try {
                guarded(Deadlines::checkAll);
            } catch (VirtualMachineError e) { // The heap has no room for a log entry either.
                ProcessErrors.check(e);
            }
        }
    }

    private static void checkAll() {
        long now = System.nanoTime();
        for (Timed timed : RUNNING) {
            guarded(() -> timed.checkDeadline(now));
        }
    }

    /** A failure must not end the thread. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            LOG.log(Level.ERROR, "a deadline could not be enforced", e);
        }
    }
}
