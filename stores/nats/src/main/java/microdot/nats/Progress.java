package microdot.nats;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits until the tail has a sequence. The position of a later one is not known for certain: an
 * epoch may begin before it.
 */
final class Progress {
    private record Waiter(long sequence, CompletableFuture<Void> reached) {}

    private final Queue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private volatile long now;

    /** The tail has everything up to here. */
    void reached(long sequence) {
        now = sequence;
        if (!waiters.isEmpty()) {
            waiters.removeIf(
                    waiter -> waiter.sequence <= sequence && waiter.reached.complete(null));
        }
    }

    /** Nobody waits any longer. */
    void end() {
        reached(Long.MAX_VALUE);
    }

    void await(long sequence, long millis) throws InterruptedException, TimeoutException {
        if (now >= sequence) {
            return;
        }
        var waiter = new Waiter(sequence, new CompletableFuture<>());
        waiters.add(waiter);
        try {
            if (now < sequence) {
                waiter.reached.get(millis, TimeUnit.MILLISECONDS);
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // Never completed with a failure.
        } finally {
            waiters.remove(waiter);
        }
    }
}
