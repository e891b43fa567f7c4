package microdot.sse.log;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/** The readers of one topic, by event loop. Thread-safe, without a lock. */
public final class TopicReaders {
    private static final AtomicReferenceFieldUpdater<TopicReaders, LoopReaders[]> LOOPS =
            AtomicReferenceFieldUpdater.newUpdater(
                    TopicReaders.class, LoopReaders[].class, "loops");

    private volatile LoopReaders[] loops = {};

    /**
     * Returns the readers of the task's loop, with one more to come. From then on, {@link #wake}
     * wakes that loop.
     */
    public LoopReaders join(DeliveryTask task) {
        while (true) {
            LoopReaders[] known = loops;
            for (LoopReaders readers : known) {
                if (readers.task == task && readers.join()) {
                    return readers;
                }
            }
            var readers = new LoopReaders(task);
            LoopReaders[] more = Arrays.copyOf(known, known.length + 1);
            more[known.length] = readers;
            if (LOOPS.compareAndSet(this, known, more)) {
                return readers;
            }
        }
    }

    /** Wakes each loop at most once. From any thread, after the head has risen. */
    public void wake() {
        for (LoopReaders readers : loops) {
            readers.wake();
        }
    }

    /**
     * Releases the loops that serve no reader of this topic: loops start and stop with their
     * servers.
     */
    public void releaseUnused() {
        while (true) {
            LoopReaders[] known = loops;
            LoopReaders[] used =
                    Arrays.stream(known)
                            .filter(readers -> !readers.release())
                            .toArray(LoopReaders[]::new);
            if (used.length == known.length || LOOPS.compareAndSet(this, known, used)) {
                return;
            }
        }
    }

    /** Returns how many loops are known. */
    public int loops() {
        return loops.length;
    }
}
