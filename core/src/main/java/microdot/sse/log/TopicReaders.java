package microdot.sse.log;

import java.util.Arrays;

/** The readers of one topic, by event loop. */
public final class TopicReaders {
    private volatile LoopReaders[] loops = {};

    /**
     * Returns the readers of the task's loop, with one more to come. Under the lock of the order.
     */
    public LoopReaders join(DeliveryTask task) {
        LoopReaders readers = of(task);
        readers.join();
        return readers;
    }

    private LoopReaders of(DeliveryTask task) {
        LoopReaders[] known = loops;
        for (LoopReaders readers : known) {
            if (readers.task == task) {
                return readers;
            }
        }
        var readers = new LoopReaders(task);
        LoopReaders[] more = Arrays.copyOf(known, known.length + 1);
        more[known.length] = readers;
        loops = more;
        return readers;
    }

    /** Wakes each loop at most once. From any thread, after the head has risen. */
    public void wake() {
        for (LoopReaders readers : loops) {
            readers.wake();
        }
    }

    /**
     * Releases the loops that serve no reader of this topic: loops start and stop with their
     * servers. Under the lock of the order.
     */
    public void releaseUnused() {
        LoopReaders[] known = loops;
        if (Arrays.stream(known).anyMatch(LoopReaders::isUnused)) {
            loops =
                    Arrays.stream(known)
                            .filter(readers -> !readers.isUnused())
                            .toArray(LoopReaders[]::new);
        }
    }

    /** Returns how many loops are known. */
    public int loops() {
        return loops.length;
    }
}
