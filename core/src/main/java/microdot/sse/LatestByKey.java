package microdot.sse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The newest event of each key among those that a log keeps no more, in the order of their
 * positions. Under the lock of the topics.
 */
final class LatestByKey {
    static final int MAX_KEYS = 10_000;

    private final MemoryBudget budget;

    /** The entry that is its key's newest, whether the log still keeps it or this table does. */
    private final Map<Object, Long> newest = new HashMap<>();

    private final LinkedHashMap<Object, Frame> frames = new LinkedHashMap<>();
    private long floor;

    LatestByKey(MemoryBudget budget, long floor) {
        this.budget = budget;
        this.floor = floor;
    }

    void published(Object key, long entry) {
        newest.put(key, entry);
        Frame replaced = frames.remove(key);
        if (replaced != null) {
            budget.add(-replaced.length());
        }
    }

    /** Takes what the log lets go, unless a newer one of its key replaced it. */
    void trimmed(@Nullable Object key, Segment segment, int at) {
        if (key == null) {
            floor = segment.position(at); // Replaced by none and remembered by none: lost.
            return;
        }
        if (!Objects.equals(newest.get(key), segment.first + at)) {
            return;
        }
        Frame frame = Frame.copyOf(segment, at);
        frames.putLast(key, frame);
        budget.add(frame.length());
        if (frames.size() > MAX_KEYS) {
            dropOldest();
        }
    }

    void dropOldest() {
        var eldest = Objects.requireNonNull(frames.pollFirstEntry());
        newest.remove(eldest.getKey());
        floor = Math.max(floor, eldest.getValue().position());
        budget.add(-eldest.getValue().length());
    }

    void clear() {
        while (!isEmpty()) {
            dropOldest();
        }
    }

    /**
     * Those behind the position: all up to the floor, which are told together with the gap that it
     * means, and a batch of the rest.
     */
    List<Frame> after(long position) {
        var found = new ArrayList<Frame>();
        long bytes = 0;
        for (Frame frame : frames.values()) {
            boolean full =
                    found.size() >= FollowerFilter.BATCH || bytes >= FollowerFilter.BATCH_BYTES;
            if (full && frame.position() > floor) {
                break;
            }
            if (frame.position() > position) {
                found.add(frame);
                bytes += frame.length();
            }
        }
        return found;
    }

    /** Up to where something may be lost: the position of the newest event that was. */
    long floor() {
        return floor;
    }

    boolean isEmpty() {
        return frames.isEmpty();
    }

    /** The position of its oldest; it must not be empty. */
    long first() {
        return frames.firstEntry().getValue().position();
    }

    /** The position of its newest, or of the floor where that is higher. */
    long last() {
        return isEmpty() ? floor : Math.max(floor, frames.lastEntry().getValue().position());
    }
}
