package microdot.sse.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The newest event of each key among the events that a log has trimmed, in the order of their
 * positions. Under the lock of the order.
 */
public final class LatestByKey {
    public static final int MAX_KEYS = 10_000;

    private final MemoryBudget budget;

    /** The entry that is its key's newest, whether the log or this table holds it. */
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

    /** Takes an entry that the log trims, unless a newer one of its key replaced it. */
    void trimmed(@Nullable Object key, Segment segment, int index) {
        if (key == null) {
            floor = segment.position(index); // Nothing replaced it and nothing remembers it: lost.
            return;
        }
        if (!Objects.equals(newest.get(key), segment.first() + index)) {
            return;
        }
        Frame frame = Frame.copyOf(segment, index);
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
     * Returns the frames after the position: all up to the floor, because they are sent together
     * with the gap that ends there, and a batch of the rest.
     *
     * @param batch how many frames make the batch full
     * @param batchBytes how many bytes make it full
     */
    public List<Frame> after(long position, int batch, long batchBytes) {
        var found = new ArrayList<Frame>();
        long bytes = 0;
        for (Frame frame : frames.values()) {
            boolean full = found.size() >= batch || bytes >= batchBytes;
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

    /** Returns the position of the newest event that was lost: up to there is a gap. */
    public long floor() {
        return floor;
    }

    boolean isEmpty() {
        return frames.isEmpty();
    }

    /** Returns the position of the oldest frame; the table must not be empty. */
    long first() {
        return frames.firstEntry().getValue().position();
    }

    /** Returns the position of the newest frame, or the floor where that is higher. */
    public long last() {
        return isEmpty() ? floor : Math.max(floor, frames.lastEntry().getValue().position());
    }
}
