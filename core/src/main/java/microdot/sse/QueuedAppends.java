package microdot.sse;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import microdot.sse.log.PolledLock;
import microdot.sse.store.Append;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Whether the engine is away, and what is to be appended when it is back, in the order of the
 * calls. Any thread.
 */
final class QueuedAppends {
    private final Function<Append, CompletableFuture<Long>> append;

    // Held while what was queued is appended, which does not block. No event loop waits for it.
    private final PolledLock lock = new PolledLock();
    private final Queue<Queued> queue = new ArrayDeque<>(0); // Under the lock.

    private volatile @Nullable Away away; // Written under the lock.

    /** A time in which the engine cannot be reached. */
    record Away(String reason, CompletableFuture<Boolean> back) {
        /** What a publisher gets that has waited for too long. */
        StoreException exception(Duration timeout) {
            return new StoreException(
                    "store: away, "
                            + reason
                            + " (expected: an engine that can be reached within publishTimeout, "
                            + timeout
                            + "; nothing was published)");
        }
    }

    private record Queued(Append append, CompletableFuture<Long> result) {}

    /**
     * @param append begins an append, and does not block
     */
    QueuedAppends(Function<Append, CompletableFuture<Long>> append) {
        this.append = append;
    }

    /** Returns null while the engine can be reached, as far as is known. */
    @Nullable Away away() {
        return away;
    }

    /** Begins an append now, or queues it. It is not begun any more when the timeout is over. */
    CompletableFuture<Long> begin(Append what, Duration timeout) {
        if (away == null) {
            return append.apply(what);
        }
        lock.lock();
        try {
            Away gone = away;
            if (gone == null) {
                return append.apply(what);
            }
            var queued = new Queued(what, new CompletableFuture<>());
            queue.add(queued);
            var timer = new CompletableFuture<Boolean>();
            timer.thenAccept(late -> expire(queued, gone.exception(timeout)));
            timer.completeOnTimeout(true, timeout.toNanos(), TimeUnit.NANOSECONDS);
            // A timer holds the append, and a timeout may be a day.
            queued.result.whenComplete((position, failure) -> timer.cancel(false));
            return queued.result;
        } finally {
            lock.unlock();
        }
    }

    /** Fails an append that still waits. The oldest is the first to be too late. */
    private void expire(Queued queued, StoreException late) {
        boolean waits;
        lock.lock();
        try {
            waits = queue.remove(queued);
        } finally {
            lock.unlock();
        }
        if (waits) {
            queued.result.completeExceptionally(late);
        }
    }

    void away(String reason) {
        lock.lock();
        try {
            if (away == null) {
                away = new Away(reason, new CompletableFuture<>());
            }
        } finally {
            lock.unlock();
        }
    }

    void back() {
        Away gone;
        lock.lock();
        try {
            for (Queued each = queue.poll(); each != null; each = queue.poll()) {
                begin(each);
            }
            gone = away;
            away = null;
        } finally {
            lock.unlock();
        }
        if (gone != null) {
            gone.back.complete(true);
        }
    }

    private void begin(Queued queued) {
        CompletableFuture<Long> result = queued.result;
        append.apply(queued.append)
                .whenComplete(
                        (position, failure) -> {
                            if (failure == null) {
                                result.complete(position);
                            } else {
                                result.completeExceptionally(failure);
                            }
                        });
    }
}
