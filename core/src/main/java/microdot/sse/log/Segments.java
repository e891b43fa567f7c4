package microdot.sse.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The segments of one log, oldest first. They are left to the garbage collector and never reused.
 *
 * <p>Each is twice as large as the bytes the log keeps when it is made, from 1 KiB up to 64 KiB,
 * because a topic may stay quiet or keep its last event only.
 */
final class Segments {
    private static final int SMALLEST = 1 << 10;
    private static final int LARGEST = 64 << 10;

    private final MemoryBudget.Share budget;
    private final Deque<Segment> open = new ArrayDeque<>(2);

    // Replaced as a whole, so that a reader needs no lock.
    private volatile Segment[] published = {};

    Segments(MemoryBudget.Share budget) {
        this.budget = budget;
    }

    // ---- Writing, under the lock of the order ----

    /** Returns whether the budget has room for a frame that is never evicted. */
    boolean canPin(int length, long kept) {
        Segment newest = open.peekLast();
        boolean fits = newest != null && newest.hasRoom(length);
        return budget.canPin(fits ? 0 : sizeFor(length, kept));
    }

    /**
     * Returns the segment for the next entry, with room for it in the bytes and in the index.
     *
     * @param entry its number
     * @param kept how many bytes the log keeps
     */
    Segment reserve(long entry, int length, long kept, boolean key, boolean userId) {
        Segment segment = withRoom(entry, length, kept);
        long before = segment.cost();
        segment.reserve(key, userId);
        budget.add(segment.cost() - before);
        return segment;
    }

    private Segment withRoom(long entry, int length, long kept) {
        Segment newest = open.peekLast();
        if (newest != null && newest.hasRoom(length)) {
            return newest;
        }
        var segment = new Segment(entry, sizeFor(length, kept));
        if (newest != null && newest.count() == 0) {
            release(open.removeLast()); // An append failed after it had been made.
        }
        open.addLast(segment);
        published = open.toArray(Segment[]::new);
        budget.add(segment.cost());
        return segment;
    }

    private static int sizeFor(int length, long kept) {
        return Math.max(Math.clamp(2 * kept, SMALLEST, LARGEST), length);
    }

    private void release(Segment segment) {
        budget.add(-segment.cost());
    }

    /** Returns the oldest segment. There must be one. */
    Segment oldest() {
        return open.getFirst();
    }

    /** Removes the oldest segment; readers find it until {@link #publish}. */
    void removeOldest() {
        release(open.removeFirst());
    }

    /** Removes all segments; readers find them until {@link #publish}. */
    void removeAll() {
        open.forEach(this::release);
        open.clear();
    }

    /**
     * Hides removed segments from readers. Once for many of them: the copy is as long as the log.
     */
    void publish() {
        if (published.length != open.size()) {
            published = open.toArray(Segment[]::new);
        }
    }

    // ---- Reading, from any thread, without a lock ----

    /** Returns the segment that holds the entry; null when it is yet to come, or was trimmed. */
    @Nullable Segment find(long entry) {
        return Segment.find(published, entry);
    }

    /** Returns the position of an entry, which must be there. */
    long positionOf(long entry) {
        Segment segment = Objects.requireNonNull(find(entry));
        return segment.position(segment.indexOf(entry));
    }

    /** Returns the number of the first entry after the position; 0 when all entries are. */
    long firstAfter(long position) {
        Segment[] all = published;
        int low = 0;
        int high = all.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (all[middle].count() > 0 && all[middle].position(0) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // All segments from low on begin after the position.
        if (low == 0) {
            return 0;
        }
        Segment segment = all[low - 1];
        return segment.first() + segment.firstAfter(position);
    }
}
