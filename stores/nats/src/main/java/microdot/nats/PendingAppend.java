package microdot.nats;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.sse.store.Append;
import org.jspecify.annotations.Nullable;

/** An append that has not completed. */
final class PendingAppend {
    final CompletableFuture<List<Long>> result = new CompletableFuture<>();
    final Append append;
    final long number;
    final int bytes;

    /** How long it may take. */
    final Duration longest;

    /** As {@link System#nanoTime} gives it. */
    final long deadline;

    /** Over which it was sent; null before that. */
    volatile @Nullable Link link;

    /** Up to where the tail was when it was sent. */
    volatile long tailWhenSent;

    /** The sequence that the server answered with; 0 before that. */
    volatile long answered;

    /** Whether it was sent, or must not be sent any more. */
    private final AtomicBoolean taken = new AtomicBoolean();

    /** The server has refused it, because the answer is the last sequence of the topic. */
    volatile boolean conflict;

    PendingAppend(Append append, long number, int bytes, Duration otherwise) {
        this.append = append;
        this.number = number;
        this.bytes = bytes;
        Duration chosen = append.timeout();
        this.longest = chosen == null ? otherwise : chosen;
        this.deadline = System.nanoTime() + longest.toNanos();
    }

    /** Returns whether the caller may send it, or may say that it is never sent. */
    boolean take() {
        return taken.compareAndSet(false, true);
    }

    /** It was not sent after all. */
    void release() {
        taken.set(false);
    }

    String topic() {
        return append.entries().getFirst().topic();
    }
}
