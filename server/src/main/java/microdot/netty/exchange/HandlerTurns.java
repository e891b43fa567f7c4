package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final int LEAST_AHEAD = 64;

    private record Waiting(Object client, Runnable start, Consumer<Throwable> notStarted) {}

    private final int maxAhead;
    private final Executor executor;
    private final AtomicInteger ahead = new AtomicInteger(); // Started, and not begun yet.
    private final AtomicInteger waiting = new AtomicInteger();
    private final Queue<Waiting> arrived = new ConcurrentLinkedQueue<>();

    /**
     * How many asked for a look at those that wait. The one that raises it from zero has an event
     * loop look; until it is zero again, no other does.
     */
    private final AtomicInteger rounds = new AtomicInteger();

    /**
     * The queue of each client, in the order of their turns. Only the thread that looks uses it.
     */
    private final SequencedMap<Object, Queue<Waiting>> clients = new LinkedHashMap<>();

    HandlerTurns(Executor executor) {
        this(Math.max(LEAST_AHEAD, 4 * Runtime.getRuntime().availableProcessors()), executor);
    }

    /**
     * Creates turns.
     *
     * @param maxAhead how many threads that were started may have not begun yet
     * @param executor an event loop, which starts those that waited; not a virtual thread, whose
     *     carrier would run all that it starts before it looks for other work
     */
    HandlerTurns(int maxAhead, Executor executor) {
        this.maxAhead = maxAhead;
        this.executor = executor;
    }

    /**
     * Starts a thread, at once or when it is the client's turn. Throws what {@code start} throws at
     * once.
     *
     * @param start starts the thread, which calls {@link #begun} first
     * @param notStarted gets what {@code start} throws later
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
        var last = new Waiting(client, start, notStarted);
        waiting.incrementAndGet();
        arrived.add(last);
        serveSoon();
    }

    /** A thread that was started runs now. */
    void begun() {
        int left = ahead.decrementAndGet();
        if (left <= maxAhead / 2 && waiting.get() > 0) {
            serveSoon();
        }
    }

    /** Returns how many threads wait for their turn, for tests. */
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
        if (rounds.getAndIncrement() == 0 && !tryHandOver()) {
            serve();
        }
    }

    /** Has an event loop serve; returns false if the event loops have ended. */
    private boolean tryHandOver() {
        try {
            executor.execute(this::serve);
            return true;
        } catch (RejectedExecutionException e) {
            return false; // Then no event loop waits for this thread.
        } catch (RuntimeException | Error e) {
            rounds.set(0); // There is no memory for the task: the next one serves.
            throw e;
        }
    }

    /** One look for each task: a flood would keep the event loop from its connections. */
    private void serve() {
        while (serveOnce()) {
            if (tryHandOver()) {
                return;
            }
        }
    }

    /** Starts what may start; returns whether another look was asked for meanwhile. */
    private boolean serveOnce() {
        int seen = rounds.get();
        boolean served = false;
        try {
            queueArrived();
            while (!clients.isEmpty() && enter()) {
                startNext();
            }
            served = true;
        } finally {
            if (!served) {
                rounds.set(0);
            }
        }
        return rounds.addAndGet(-seen) > 0;
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
            fail(next, e);
        }
    }

    /** A listener that fails must not keep the others waiting. */
    private static void fail(Waiting waiting, Throwable failure) {
        try {
            waiting.notStarted().accept(failure);
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
            LOG.log(Level.ERROR, "a handler could not be started", failure);
        }
    }
}
