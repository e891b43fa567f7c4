package microdot.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BriefLockTest {
    private final BriefLock lock = new BriefLock();

    private static int carriers() {
        return Integer.getInteger(
                "jdk.virtualThreadScheduler.parallelism",
                Runtime.getRuntime().availableProcessors());
    }

    private void use() {
        lock.lock();
        lock.unlock();
    }

    private static boolean isInLock(Thread thread) {
        for (StackTraceElement element : thread.getStackTrace()) {
            if (element.getMethodName().startsWith("lock")) {
                return true;
            }
        }
        return false;
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(20, TimeUnit.SECONDS));
    }

    /** A lock with a queue gives its turn to the virtual thread, which cannot run. */
    @Test
    void platformThreadPassesVirtualThreadThatHasNoCarrier() throws Exception {
        var taken = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        lock.lock();
        Thread queued = Thread.startVirtualThread(this::use);
        while (!isInLock(queued)) {
            Thread.onSpinWait();
        }
        List<Thread> spinning = holdCarriers(released);
        try {
            Thread loop =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        use();
                                        taken.countDown();
                                    });
            while (!isInLock(loop)) {
                Thread.onSpinWait();
            }
            lock.unlock();
            await(taken);
            assertTrue(queued.isAlive());
        } finally {
            released.countDown();
        }
        for (Thread thread : spinning) {
            thread.join();
        }
        queued.join();
    }

    private static List<Thread> holdCarriers(CountDownLatch released) throws InterruptedException {
        var begun = new CountDownLatch(carriers());
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < carriers(); i++) {
            threads.add(
                    Thread.startVirtualThread(
                            () -> {
                                begun.countDown();
                                while (released.getCount() > 0) {
                                    Thread.onSpinWait();
                                }
                            }));
        }
        await(begun);
        return threads;
    }

    private int count;

    @Test
    void oneThreadAtATimeHoldsIt() throws Exception {
        int each = 20_000;
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            Runnable work =
                    () -> {
                        for (int n = 0; n < each; n++) {
                            lock.lock();
                            try {
                                count++;
                            } finally {
                                lock.unlock();
                            }
                        }
                    };
            threads.add(
                    i % 2 == 0 ? Thread.ofVirtual().start(work) : Thread.ofPlatform().start(work));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(4 * each, count);
    }

    @Test
    void interruptedThreadGetsItToo() throws Exception {
        lock.lock();
        Thread waiting =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    Thread.currentThread().interrupt();
                                    use();
                                    assertTrue(Thread.interrupted());
                                });
        while (!isInLock(waiting)) {
            Thread.onSpinWait();
        }
        lock.unlock();
        waiting.join();
    }
}
