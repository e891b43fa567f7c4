package microdot.netty;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;

/** The virtual threads that handle requests and write streams, one each. */
final class Handlers {
    private final Microdot app;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();
    private final Set<Thread> running = new HashSet<>();

    Handlers(Microdot app) {
        this.app = app;
    }

    Response handle(Request request) {
        return app.handle(request);
    }

    void start(Runnable work) {
        Thread thread = Thread.ofVirtual().name("microdot-handler").unstarted(() -> run(work));
        lock.lock();
        try {
            running.add(thread);
        } finally {
            lock.unlock();
        }
        thread.start();
    }

    private void run(Runnable work) {
        try {
            work.run();
        } finally {
            lock.lock();
            try {
                running.remove(Thread.currentThread());
                if (running.isEmpty()) {
                    none.signalAll();
                }
            } finally {
                lock.unlock();
            }
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

    /** Waits for all until the deadline, then interrupts those that are left. */
    void finish(long deadline) {
        lock.lock();
        try {
            long left = deadline - System.nanoTime();
            while (!running.isEmpty() && left > 0) {
                left = none.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.forEach(Thread::interrupt);
            lock.unlock();
        }
    }
}
