package microdot.sse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The wait of one client for a snapshot. Thread-safe. */
final class SnapshotTicket {
    private final CompletableFuture<@Nullable Void> result = new CompletableFuture<>();

    /** The snapshot failed, which is logged already. */
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failed(Throwable cause) {
            super(cause);
        }
    }

    /**
     * Waits until the computation has succeeded.
     *
     * @throws java.util.concurrent.CancellationException when the client has left
     * @throws Failed when it failed
     */
    void await() {
        try {
            result.join();
        } catch (CompletionException e) {
            throw new Failed(e.getCause() == null ? e : e.getCause());
        }
    }

    /** The client has left. */
    void cancel() {
        result.cancel(false);
    }

    static void completeAll(Iterable<SnapshotTicket> all, @Nullable Throwable failure) {
        for (SnapshotTicket waiter : all) {
            try {
                waiter.complete(failure);
            } catch (RuntimeException | Error noMemory) {
                // It is completed nevertheless.
            }
        }
    }

    /** When there is no memory to report a failure, the client asks for a snapshot again. */
    private void complete(@Nullable Throwable failure) {
        try {
            if (failure != null) {
                result.completeExceptionally(failure);
            }
        } finally {
            result.complete(null); // Allocates nothing; no effect on a completed result.
        }
    }
}
