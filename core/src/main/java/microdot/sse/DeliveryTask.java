package microdot.sse;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What an event loop has to deliver: the audiences that were woken. However many topics publish
 * however much, one task at a time is with the loop.
 */
final class DeliveryTask implements Runnable {
    // Long enough to be worth the switch, short enough for everything else on the loop: a publish
    // that comes in between is delivered with the one before to all whose turn is yet to come.
    private static final long SLICE = TimeUnit.MICROSECONDS.toNanos(300);

    /** Whom the loop serves; with none it is let go. */
    final AtomicInteger followers = new AtomicInteger();

    private final Executor loop;
    private final Queue<LoopReaders> woken = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean armed = new AtomicBoolean();

    DeliveryTask(Executor loop) {
        this.loop = loop;
    }

    void add(LoopReaders audience) {
        woken.add(audience);
        arm();
    }

    private void arm() {
        if (!armed.getAndSet(true)) {
            try {
                loop.execute(this);
            } catch (RejectedExecutionException e) {
                // The server has stopped and its followers with it: nobody is left to deliver to.
                woken.clear();
            }
        }
    }

    @Override
    public void run() {
        // Ahead of looking into the queue: who comes after the look finds it down and arms anew.
        armed.set(false);
        long until = System.nanoTime() + SLICE;
        for (LoopReaders audience = woken.poll(); audience != null; audience = woken.poll()) {
            if (!audience.drain(until)) {
                add(audience); // Last in line: it goes on where it stopped.
                return;
            }
            if (System.nanoTime() - until > 0 && !woken.isEmpty()) {
                arm();
                return;
            }
        }
    }
}
