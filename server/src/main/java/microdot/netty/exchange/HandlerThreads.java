package microdot.netty.exchange;

import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import microdot.netty.threads.CarrierWatchdog;
import microdot.netty.threads.ServerThreads;
import microdot.netty.threads.UserCode;

/**
 * The threads that handle requests and write streams, one for each, and those that run what follows
 * a stream's end: virtual threads, and platform threads for handlers that ask for one.
 */
public final class HandlerThreads implements Executor, ServerThreads, AutoCloseable {
    private final CarrierWatchdog watchdog = CarrierWatchdog.shared();
    private final Set<HandlerRun> running = ConcurrentHashMap.newKeySet();
    private final AtomicInteger size = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition few = lock.newCondition();
    private final BlockingThreads blocking;
    private final BooleanSupplier streaming;
    private final Consumer<HandlerRun> left = this::left;

    /**
     * Creates the threads of a server: none at first.
     *
     * @param blockingThreads how many platform threads there are at most
     * @param streaming whether a stream is open, perhaps one whose filter runs on threads that are
     *     not known here
     */
    public HandlerThreads(int blockingThreads, BooleanSupplier streaming) {
        this.blocking = new BlockingThreads(blockingThreads);
        this.streaming = streaming;
        watchdog.add(this);
    }

    /** Runs the work, which follows the end of a stream, on its own virtual thread. */
    @Override
    public void execute(Runnable work) {
        start(
                "an onClose",
                run -> {
                    work.run();
                    return null;
                });
    }

    /**
     * Runs the work on its own virtual thread, then what it returns. By then the work itself is
     * released: a stream may last for days.
     *
     * @param route what the work is, for log entries
     */
    void start(String route, HandlerRun.Work work) {
        var run = new HandlerRun(left, route, work);
        Thread thread = Thread.ofVirtual().name("microdot-handler").unstarted(run);
        run.runsOn(thread);
        begun(run);
        boolean started = false;
        try {
            thread.start();
            started = true;
        } finally {
            if (!started) {
                left(run); // There is no memory for a thread.
            }
        }
        watchdog.wake();
    }

    /**
     * Runs the work as {@link #start} does, but on one of the platform threads.
     *
     * @return false if all of them are busy and as many requests wait
     */
    boolean startBlocking(String route, HandlerRun.Work work) {
        var run = new HandlerRun(left, route, work);
        begun(run);
        boolean accepted = false;
        try {
            accepted = blocking.execute(run);
        } finally {
            if (!accepted) {
                left(run);
            }
        }
        watchdog.wake();
        return accepted;
    }

    /** Call it when a stream has begun that has no handler. */
    void streamBegan() {
        watchdog.wake();
    }

    private void begun(HandlerRun run) {
        size.incrementAndGet();
        running.add(run);
    }

    private void left(HandlerRun run) {
        running.remove(run);
        if (size.decrementAndGet() < 2) {
            signalFew();
        }
    }

    private void signalFew() {
        lock.lock();
        try {
            few.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of running threads, and of requests that wait for a platform thread. */
    public int size() {
        return size.get();
    }

    @Override
    public boolean isBusy() {
        return size.get() > 0 || streaming.getAsBoolean();
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
        boolean interrupted = Thread.interrupted();
        lock.lock();
        try {
            int mine = isMine() ? 1 : 0;
            while (size.get() > mine && deadline - System.nanoTime() > 0) {
                try {
                    few.awaitNanos(deadline - System.nanoTime());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isMine() {
        return running.stream().anyMatch(run -> run.thread() == Thread.currentThread());
    }

    /**
     * Drops the requests that wait for a platform thread, and interrupts all running threads except
     * the caller's.
     */
    public void interrupt() {
        for (Runnable waiting : blocking.drop()) {
            if (waiting instanceof HandlerRun run) {
                left(run);
            }
        }
        for (HandlerRun run : running) {
            Thread thread = run.thread();
            if (thread != null && thread != Thread.currentThread()) {
                thread.interrupt();
            }
        }
    }

    /** Ends the platform threads that wait for work, and the watch. What still runs goes on. */
    @Override
    public void close() {
        blocking.close();
        watchdog.remove(this);
    }
}
