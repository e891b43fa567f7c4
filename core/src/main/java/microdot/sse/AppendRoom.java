package microdot.sse;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;

/** What may wait for the engine of a store at the same time, in number and in memory. */
final class AppendRoom {
    /** Appends at most. */
    static final int MOST = 8192;

    /** Their entries at most, in KiB: 32 MiB, less than the stores themselves take. */
    static final int MOST_KIB = 32 << 10;

    private final Semaphore number = new Semaphore(MOST);
    private final Semaphore memory = new Semaphore(MOST_KIB);

    /** What an append takes; one that is larger than the room takes all of it. */
    private static int kib(Append append) {
        long bytes = 0;
        for (Entry entry : append.entries()) {
            bytes += entry.bytes().length;
        }
        return (int) Math.min(MOST_KIB, 1 + bytes / 1024);
    }

    boolean tryEnter(Append append) {
        if (!number.tryAcquire()) {
            return false;
        }
        boolean entered = memory.tryAcquire(kib(append));
        if (!entered) {
            number.release();
        }
        return entered;
    }

    /** Waits for room until a time as {@link System#nanoTime} gives it; returns false without. */
    boolean enter(Append append, long end) throws InterruptedException {
        if (!number.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        boolean entered = false;
        try {
            entered = memory.tryAcquire(kib(append), end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } finally {
            if (!entered) {
                number.release();
            }
        }
        return entered;
    }

    void leave(Append append) {
        memory.release(kib(append));
        number.release();
    }
}
