package microdot.netty.limits;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

/**
 * What waits in one connection. Confined to its event loop, except {@link #score} and {@link
 * #disconnect}.
 */
public final class MemoryAccount implements MemoryUser {
    private final LongConsumer loop; // Adds to the sum of the loop.
    private final WaitingMemory server;
    private final Runnable forget;
    private final Runnable disconnect;
    private long input;
    private long inputSince;
    private long output;
    private long unshared; // What of it this account has counted itself.
    private long outputSince;
    private long counted; // What this account has added to the loop's sum.
    private boolean large;

    // For other threads.
    private volatile long waiting;
    private volatile long since;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    private enum State {
        OPEN,
        /** Chosen to be disconnected, and not closed yet. */
        CHOSEN,
        CLOSED
    }

    MemoryAccount(LongConsumer loop, WaitingMemory server, Runnable forget, Runnable disconnect) {
        this.loop = loop;
        this.server = server;
        this.forget = forget;
        this.disconnect = disconnect;
    }

    /**
     * Sets the memory of the unfinished and waiting requests. Returns false if there is no memory
     * for them.
     */
    public boolean input(long bytes) {
        if (input == 0) {
            inputSince = System.nanoTime();
        }
        boolean more = bytes > input;
        count(bytes - input);
        input = bytes;
        return changed(more);
    }

    /**
     * Sets the unsent bytes of a response, except those that {@link #held} adds. Returns false if
     * there is no memory for them, and the connection must be closed.
     */
    public boolean output(long bytes) {
        long more = bytes - unshared;
        unshared = bytes;
        count(more);
        return waits(output + more);
    }

    /**
     * Adds unsent bytes, which {@link LoopMemory#hold} has counted. Returns false if there is no
     * memory for them, and the connection must be closed.
     */
    public boolean held(long bytes) {
        return waits(output + bytes);
    }

    /** The socket has taken bytes of {@link #held}, or never will. */
    public void flushed(long bytes) {
        outputSince = System.nanoTime(); // The client reads: what is left is not as old.
        waits(output - bytes);
    }

    /** The client reads its response: what is left is not as old. */
    public void reads() {
        if (output > 0) {
            outputSince = System.nanoTime();
            changed(false);
        }
    }

    private boolean waits(long bytes) {
        if (output == 0) {
            outputSince = System.nanoTime();
        }
        boolean more = bytes > output;
        output = bytes;
        return changed(more);
    }

    private void count(long bytes) {
        counted += bytes;
        loop.accept(bytes);
    }

    private boolean changed(boolean more) {
        long all = input + output;
        since = input == 0 ? outputSince : output == 0 ? inputSince : oldest();
        waiting = all;
        if (all >= WaitingMemory.SPARED != large) {
            large = !large;
            if (large) {
                server.enter(this);
            } else {
                server.leave(this);
            }
        }
        if (all == 0) {
            close();
            return true;
        }
        return !more || server.makeRoom(this);
    }

    private long oldest() {
        return inputSince - outputSince < 0 ? inputSince : outputSince;
    }

    /** Nothing waits any more: the connection is closed, or everything is done. */
    public void close() {
        count(-counted);
        input = 0;
        output = 0;
        unshared = 0;
        waiting = 0;
        if (large) {
            large = false;
            server.leave(this);
        }
        forget.run();
        if (state.getAndSet(State.CLOSED) == State.CHOSEN) {
            server.left();
        }
    }

    @Override
    public double score(long now) {
        return state.get() != State.OPEN ? -1 : (double) waiting * Math.max(1, now - since);
    }

    @Override
    public void disconnect() {
        if (state.compareAndSet(State.OPEN, State.CHOSEN)) {
            disconnect.run();
        } else {
            server.left(); // It closed meanwhile.
        }
    }
}
