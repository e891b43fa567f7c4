package microdot.netty.exchange;

import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Decides when the threads of handlers start, so that clients take turns while the CPU is busy. A
 * thread starts at once unless several others have not begun to run yet. Otherwise it waits here,
 * in the queue of its client, and the clients take turns. The scheduler of virtual threads has one
 * queue for all: thousands of handlers of one client would stand in it before the first handler of
 * another client, and before the application's threads that publish events.
 *
 * <p>Thread-safe without a lock: an event loop that waits for a virtual thread might wait for a
 * carrier thread.
 */
final class HandlerTurns {
    private static final int LEAST_AHEAD = 64;

    private record Waiting(Object client, Runnable start, Consumer<Throwable> notStarted) {}

    private final int maxAhead;
    private final Executor executor;
    private final AtomicInteger ahead = new AtomicInteger(); // Started, and not begun yet.
    private final AtomicInteger waiting = new AtomicInteger();
    private final Queue<Waiting> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean serving = new AtomicBoolean();

    /** The queue of each client, in the order of their turns. Confined to the executor. */
    private final SequencedMap<Object, Queue<Waiting>> clients = new LinkedHashMap<>();

    HandlerTurns() {
        this(
                Math.max(LEAST_AHEAD, 4 * Runtime.getRuntime().availableProcessors()),
                GlobalEventExecutor.INSTANCE);
    }

    /**
     * Creates turns.
     *
     * @param maxAhead how many threads that were started may have not begun yet
     * @param executor starts those that waited, one task at a time; not on a virtual thread, whose
     *     carrier would run all that it starts before it looks for other work
     */
    HandlerTurns(int maxAhead, Executor executor) {
        this.maxAhead = maxAhead;
        this.executor = executor;
    }

    /**
     * Starts a thread, at once or when it is the client's turn.
     *
     * @param start starts the thread, which calls {@link #begun} first; throws if it cannot. If
     *     that is now, it throws here
     * @param notStarted is told what it threw later
     */
    void start(Object client, Runnable start, Consumer<Throwable> notStarted) {
        if (waiting.get() == 0 && enter()) {
            boolean started = false;
            try {
                start.run();
                started = true;
            } finally {
                if (!started) {
                    begun();
                }
            }
            return;
        }
        waiting.incrementAndGet();
        arrived.add(new Waiting(client, start, notStarted));
        serveSoon();
    }

    /** A thread that was started runs now. */
    void begun() {
        int left = ahead.decrementAndGet();
        if (left <= maxAhead / 2 && waiting.get() > 0) {
            serveSoon();
        }
    }

    /** Returns how many threads wait for their turn. */
    int waiting() {
        return waiting.get();
    }

    private boolean enter() {
        int now = ahead.get();
        while (now < maxAhead) {
            if (ahead.compareAndSet(now, now + 1)) {
                return true;
            }
            now = ahead.get();
        }
        return false;
    }

    private void serveSoon() {
        if (!serving.getAndSet(true)) {
            executor.execute(this::serve);
        }
    }

    private void serve() {
        serving.set(false); // Before the look: what comes after it is looked at again.
        queueArrived();
        while (!clients.isEmpty() && enter()) {
            startNext();
        }
    }

    private void queueArrived() {
        for (Waiting next = arrived.poll(); next != null; next = arrived.poll()) {
            clients.computeIfAbsent(next.client(), client -> new ArrayDeque<>()).add(next);
        }
    }

    private void startNext() {
        Map.Entry<Object, Queue<Waiting>> turn = clients.pollFirstEntry();
        Waiting next = turn.getValue().remove();
        if (!turn.getValue().isEmpty()) {
            clients.putLast(turn.getKey(), turn.getValue());
        }
        waiting.decrementAndGet();
        try {
            next.start().run();
        } catch (RuntimeException | Error e) {
            ahead.decrementAndGet();
            next.notStarted().accept(e);
        }
    }
}
