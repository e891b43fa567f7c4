package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import microdot.internal.Uninterrupted;
import microdot.internal.UserCode;
import microdot.netty.threads.CarrierWatchdog;
import microdot.netty.threads.ServerThreads;
import microdot.netty.threads.WaitingThreads;
import org.jspecify.annotations.Nullable;

/**
 * The threads that handle requests and write streams, one for each, and the threads for close
 * actions: virtual threads, and platform threads for the handlers of {@code blocking}.
 */
public final class HandlerThreads implements Executor, ServerThreads, AutoCloseable {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final CarrierWatchdog watchdog = CarrierWatchdog.shared();

    /**
     * What runs. Only the threads that run it change the set, and never an event loop: a bucket of
     * it has a monitor, and a virtual thread that waits for that may have no carrier thread.
     */
    private final Set<HandlerRun> running = ConcurrentHashMap.newKeySet();

    private final AtomicInteger size = new AtomicInteger();
    private final HandlerTurns turns;
    private final WaitingThreads waiting = new WaitingThreads();
    private final BlockingThreads blocking;
    private final BooleanSupplier streaming;
    private final BooleanSupplier shortOfMemory;
    private volatile Runs current = new Runs();

    /**
     * Creates the threads of a server: none at first.
     *
     * @param blockingThreads how many platform threads there are at most
     * @param streaming whether a stream is open, perhaps one whose filter runs on threads that are
     *     not known here
     * @param shortOfMemory whether responses and requests take all the memory that they may
     * @param loop an event loop, which starts the threads of handlers that waited for their turn
     */
    public HandlerThreads(
            int blockingThreads,
            BooleanSupplier streaming,
            BooleanSupplier shortOfMemory,
            Executor loop) {
        this.turns = new HandlerTurns(loop);
        this.blocking = new BlockingThreads(blockingThreads);
        this.streaming = streaming;
        this.shortOfMemory = shortOfMemory;
        watchdog.add(this);
    }

    /** Runs actions of {@code onClose} on their own virtual thread. */
    @Override
    public void execute(Runnable work) {
        start(
                work, // Each has a turn of its own: they free what others wait for.
                HandlerRun.CLOSE_ACTION,
                run -> {
                    work.run();
                    return null;
                },
                e -> LOG.log(Level.ERROR, "an onClose action could not run", e));
    }

    /**
     * Runs the work on its own virtual thread, then what it returns. By then the work itself is
     * released: a stream may last for days.
     *
     * <p>While the CPU is busy, clients take turns. If no thread can be started at once, this
     * throws.
     *
     * @param client for whom the work is
     * @param route what the work is, for log entries
     * @param notStarted gets the failure if no thread can be started when it is the client's turn
     */
    void start(Object client, String route, HandlerRun.Work work, Consumer<Throwable> notStarted) {
        size.incrementAndGet();
        var run = new HandlerRun(current, true, route, work);
        turns.start(client, () -> startThread(run), notStarted);
        watchdog.wake();
    }

    private void startThread(HandlerRun run) {
        boolean started = false;
        try {
            Thread.ofVirtual().name("microdot-handler").start(run);
            started = true;
        } finally {
            if (!started) {
                oneLess(); // There is no memory for a thread.
            }
        }
    }

    /**
     * Runs the work as {@link #start} does, but on one of the platform threads.
     *
     * @return null if all of them are busy and as many requests wait
     */
    @Nullable HandlerRun startBlocking(String route, HandlerRun.Work work) {
        size.incrementAndGet();
        var run = new HandlerRun(current, false, route, work);
        boolean accepted = false;
        try {
            accepted = blocking.execute(run);
        } finally {
            if (!accepted) {
                oneLess();
            }
        }
        watchdog.wake();
        return accepted ? run : null;
    }

    /**
     * The client of this request has left. If the request still waits for a platform thread, its
     * place in the queue is free at once, and its work runs on a virtual thread: it has no handler
     * to run any more.
     */
    void abandon(HandlerRun run) {
        if (blocking.remove(run)) {
            startThread(run);
        }
    }

    /** Call it when a stream has begun that has no handler. */
    void streamBegan() {
        watchdog.wake();
    }

    /** The runs between two calls of {@link #interrupt}. */
    private final class Runs implements HandlerRun.Listener {
        private volatile boolean interrupted;

        @Override
        public void begun(HandlerRun run) {
            if (run.isInTurn()) {
                turns.begun();
            }
            running.add(run); // Before the check: a later interrupt finds this run.
            if (interrupted) {
                run.interrupt();
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void left(HandlerRun run) {
            running.remove(run);
            oneLess();
        }
    }

    private void oneLess() {
        if (size.decrementAndGet() < 2) {
            waiting.signal();
        }
    }

    /** Returns the number of running threads, and of those that wait to be started. */
    public int size() {
        return size.get();
    }

    /** Returns the number of requests that wait for a platform thread. */
    public int queued() {
        return blocking.queued();
    }

    @Override
    public boolean isBusy() {
        return size.get() > 0 || streaming.getAsBoolean();
    }

    @Override
    public boolean isShortOfMemory() {
        return shortOfMemory.getAsBoolean();
    }

    @Override
    public Iterable<? extends UserCode> running() {
        return Collections.unmodifiableSet(running);
    }

    /**
     * Waits until no thread runs except the caller's, or the deadline is reached. An interrupt does
     * not shorten the wait: a handler that closes its server is interrupted by that close.
     *
     * @param deadline a time of {@link System#nanoTime}
     */
    public void await(long deadline) {
        int mine = isMine() ? 1 : 0;
        Uninterrupted.await(() -> waiting.await(() -> size.get() <= mine, deadline));
    }

    /** Returns whether the caller's thread is one of these. */
    public boolean isMine() {
        return running.stream().anyMatch(run -> run.thread() == Thread.currentThread());
    }

    /**
     * Drops the requests that wait for a platform thread, and interrupts all other threads that
     * were started, except the caller's; also those that wait for a carrier thread. Those that wait
     * for their turn are interrupted when they begin.
     */
    public void interrupt() {
        Runs before = current;
        current = new Runs();
        before.interrupted = true;
        for (Runnable dropped : blocking.drop()) {
            if (dropped instanceof HandlerRun) {
                oneLess();
            }
        }
        for (HandlerRun run : running) {
            run.interrupt();
        }
    }

    /** Ends the platform threads that wait for work, and the watch. Running handlers continue. */
    @Override
    public void close() {
        blocking.close();
        watchdog.remove(this);
    }
}
