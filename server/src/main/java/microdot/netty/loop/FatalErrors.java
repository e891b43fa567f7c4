package microdot.netty.loop;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/**
 * Errors on event loops after which the server cannot go on: the heap is full, or the JVM is
 * broken. What a handler throws is not reported here, because its memory is released with it.
 * Thread-safe.
 */
public final class FatalErrors {
    private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();
    private volatile @Nullable Thread watcher;

    /** Creates a server's errors; there is none yet. */
    public FatalErrors() {}

    /** Has the first error wake this thread. */
    public void wake(Thread thread) {
        watcher = thread;
    }

    /** Notes the error if the server cannot go on after it. Allocates nothing. */
    public void check(Throwable error) {
        if (ProcessErrors.isFatal(error)) {
            report(error);
        }
    }

    /** Notes an error after which the server cannot go on. */
    public void report(Throwable error) {
        if (first.compareAndSet(null, error)) {
            LockSupport.unpark(watcher);
        }
    }

    /** Returns the first error, or null. */
    public @Nullable Throwable first() {
        return first.get();
    }
}
