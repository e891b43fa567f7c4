package microdot.netty.exchange;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads that handle requests and write streams, one for each, and those that run what
 * follows a stream's end.
 */
public final class HandlerThreads implements Executor {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition few = lock.newCondition();
    private final Set<Thread> running = new HashSet<>();

    /** Creates the set of a server's handler threads, which is empty at first. */
    public HandlerThreads() {}

    /** Runs the work on its own virtual thread. */
    @Override
    public void execute(Runnable work) {
        start(
                () -> {
                    work.run();
                    return null;
                });
    }

    /**
     * Runs the work on its own virtual thread, then what it returns. By then the work itself is
     * released: a stream may last for days.
     */
    void start(Supplier<@Nullable Runnable> work) {
        Thread thread = Thread.ofVirtual().name("microdot-handler").unstarted(new Run(work));
        lock.lock();
        try {
            running.add(thread);
        } finally {
            lock.unlock();
        }
        thread.start();
    }

    // Not a lambda, and with few variables: a stream keeps each stack frame below its handler
    // (docs/decisions/0012-small-stack-frames.md).
    private final class Run implements Runnable {
        private @Nullable Supplier<@Nullable Runnable> work;

        Run(Supplier<@Nullable Runnable> work) {
            this.work = work;
        }

        @Override
        public void run() {
            try {
                Runnable rest = runWork();
                if (rest != null) {
                    rest.run();
                }
            } finally {
                left(Thread.currentThread());
            }
        }

        private @Nullable Runnable runWork() {
            Supplier<@Nullable Runnable> first = Objects.requireNonNull(work);
            work = null;
            return first.get();
        }
    }

    private void left(Thread thread) {
        lock.lock();
        try {
            running.remove(thread);
            if (running.size() < 2) {
                few.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of running threads. */
    public int size() {
        lock.lock();
        try {
            return running.size();
        } finally {
            lock.unlock();
        }
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
            int mine = running.contains(Thread.currentThread()) ? 1 : 0;
            while (running.size() > mine && deadline - System.nanoTime() > 0) {
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

    /** Interrupts all running threads except the caller's. */
    public void interrupt() {
        lock.lock();
        try {
            for (Thread thread : running) {
                if (thread != Thread.currentThread()) {
                    thread.interrupt();
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
