package microdot.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** The link of a node: none while the node connects, or checks what the engine has. Thread-safe. */
final class CurrentLink {
    private final Duration timeout;
    private final AtomicReference<CompletableFuture<RedisLink>> ready =
            new AtomicReference<>(new CompletableFuture<>());
    private volatile String reason = "";

    CurrentLink(Duration timeout) {
        this.timeout = timeout;
    }

    boolean isReady() {
        return ready.get().isDone();
    }

    /** The link may be used from now on. */
    void set(RedisLink link) {
        ready.get().complete(link);
    }

    /** The link is of no use any more. */
    void lost(RedisLink link) {
        CompletableFuture<RedisLink> known = ready.get();
        if (known.isDone() && !known.isCompletedExceptionally() && known.join() == link) {
            ready.compareAndSet(known, new CompletableFuture<>());
        }
    }

    /** There is none any more. */
    void close() {
        CompletableFuture<RedisLink> known =
                ready.getAndSet(CompletableFuture.failedFuture(closed(null)));
        known.completeExceptionally(closed(null));
    }

    /** Sets why there is none, as the end of a sentence; empty when that is not known. */
    void reason(String text) {
        reason = text;
    }

    String reason() {
        return reason;
    }

    /**
     * Asks the engine. Waits for a link at most as long as a command may take, and for the answer.
     * When the link ends meanwhile, asks again, once; when no answer comes, ends it: its connection
     * may be dead, and nobody else would notice that.
     */
    List<Object> ask(Function<RedisLink, CompletableFuture<List<Object>>> question) {
        RedisLink link = await();
        try {
            return link.await(question.apply(link));
        } catch (StoreException e) {
            boolean late = e.getCause() instanceof TimeoutException;
            if (late) {
                lost(link);
                link.close();
            }
            if (late || link.isOpen() || e.getCause() instanceof InterruptedException) {
                throw e;
            }
            lost(link);
        }
        RedisLink next = await();
        return next.await(question.apply(next));
    }

    private RedisLink await() {
        try {
            return ready.get().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new StoreException(
                    "Redis: cannot be reached"
                            + reason
                            + " (look at the server and the network; it is tried again)",
                    false,
                    e);
        } catch (ExecutionException e) {
            throw closed(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("Redis: interrupted while waiting for a link", false, e);
        }
    }

    private static StoreException closed(@Nullable Throwable cause) {
        return new StoreException("store: closed (expected: read before close)", false, cause);
    }
}
