package microdot.netty.exchange;

import java.util.concurrent.atomic.AtomicBoolean;
import microdot.Request;
import microdot.netty.limits.RequestMemory;
import microdot.netty.limits.WaitingMemory;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request that a handler holds while no connection counts it: the client has left, or
 * the handler writes a stream. It counts in the memory of the server until the handler returns.
 * Thread-safe.
 */
final class HeldHead {
    private final WaitingMemory memory;
    private final long bytes;
    private final AtomicBoolean left = new AtomicBoolean();

    private HeldHead(WaitingMemory memory, long bytes) {
        this.memory = memory;
        this.bytes = bytes;
    }

    /** Counts the head of a request; returns null if it is small. */
    static @Nullable HeldHead of(Request request, WaitingMemory memory) {
        long bytes = RequestMemory.of(request.path(), request.headers());
        if (bytes <= RequestMemory.LARGE_HEAD) {
            return null;
        }
        memory.waits(bytes);
        return new HeldHead(memory, bytes);
    }

    /** The handler has returned. Later calls do nothing. */
    void leave() {
        if (left.compareAndSet(false, true)) {
            memory.taken(bytes);
        }
    }
}
