package microdot.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** What runs once when a stream has ended, and at once when it has ended already. */
final class CloseActions {
    private final ReentrantLock lock = new ReentrantLock();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final List<Runnable> actions = new ArrayList<>();
    private boolean ended;

    void add(Runnable action) {
        lock.lock();
        try {
            if (!ended) {
                actions.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /** Adds an action that runs on a virtual thread, so that it may block. */
    void addBlocking(Runnable action) {
        add(() -> threads.add(Thread.ofVirtual().name("test-on-close").start(action)));
    }

    /** Call once, when the stream has ended. */
    void run() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
        actions.forEach(Runnable::run);
        finished.countDown();
    }

    /** Returns whether every action, including those that may block, finished within the time. */
    boolean awaitFinished(Duration time) throws InterruptedException {
        if (!finished.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        for (Thread thread : threads) {
            if (!thread.join(time)) {
                return false;
            }
        }
        return true;
    }
}
