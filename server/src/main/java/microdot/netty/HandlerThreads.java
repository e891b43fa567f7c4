package microdot.netty;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads that handle requests and write streams, one each, and those of what is to run
 * behind a stream.
 */
final class HandlerThreads {
    private final Microdot app;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition few = lock.newCondition();
    private final Set<Thread> running = new HashSet<>();

    HandlerThreads(Microdot app) {
        this.app = app;
    }

    Response handle(Request request) {
        return app.handle(request);
    }

    /** Null when it is for a thread of its own. */
    @Nullable Response handleAtOnce(Request request) {
        return app.handleAtOnce(request);
    }

    void start(Runnable work) {
        Thread thread = Thread.ofVirtual().name("microdot-handler").unstarted(new Run(work));
        lock.lock();
        try {
            running.add(thread);
        } finally {
            lock.unlock();
        }
        thread.start();
    }

    // No lambda: a stream's handler keeps every frame below it for as long as it lives.
    private final class Run implements Runnable {
        private final Runnable work;

        Run(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            try {
                work.run();
            } finally {
                left(Thread.currentThread());
            }
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

    int size() {
        lock.lock();
        try {
            return running.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until none runs, except the one that calls this, or the deadline has come. Not shorter
     * for an interrupt: that of a handler which closes the server comes from the close itself.
     */
    void await(long deadline) {
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

    /** Interrupts those that are left, except the one that calls this. */
    void interrupt() {
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
