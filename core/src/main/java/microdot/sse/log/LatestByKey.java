package microdot.sse.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The newest event of each key among the events that a log has trimmed, in the order of their
 * positions. Under the lock of the order.
 */
public final class LatestByKey {
    public static final int MAX_KEYS = 10_000;

    private final MemoryBudget.Share budget;
    private final Map<String, Newest> keys = new HashMap<>();
    private final TreeMap<Long, Newest> trimmed = new TreeMap<>();
    private long floor;

    /** The newest event of one key: an entry of the log, or a frame once that was trimmed. */
    static final class Newest {
        final String key;
        private long entry = -1;
        private @Nullable Frame frame;

        private Newest(String key) {
            this.key = key;
        }
    }

    LatestByKey(MemoryBudget.Share budget, long floor) {
        this.budget = budget;
        this.floor = floor;
    }

    /** Makes room for an event of the key that is about to be published. */
    Newest reserve(String key) {
        Newest known = keys.get(key);
        if (known != null) {
            return known;
        }
        var newest = new Newest(key);
        keys.put(key, newest);
        budget.add(MemoryBudget.KEY + key.length());
        return newest;
    }

    /** Takes back a reservation for an event that was not published. */
    void release(Newest newest) {
        if (newest.entry < 0) {
            forget(newest);
        }
    }

    private void forget(Newest newest) {
        if (keys.remove(newest.key) != null) {
            budget.add(-MemoryBudget.KEY - newest.key.length());
        }
    }

    /** The event was published. Takes no memory, so that it cannot fail. */
    void published(Newest newest, long entry) {
        newest.entry = entry;
        Frame replaced = newest.frame;
        if (replaced != null) {
            newest.frame = null;
            trimmed.remove(replaced.position());
            budget.add(-cost(replaced));
        }
    }

    private static long cost(Frame frame) {
        return frame.length() + MemoryBudget.TRIMMED_FRAME;
    }

    /** Takes an entry that the log trims, unless a newer one of its key replaced it. */
    void trimmed(@Nullable String key, Segment segment, int index) {
        if (key == null) {
            floor = segment.position(index); // Nothing replaced it and nothing remembers it: lost.
            return;
        }
        Newest newest = keys.get(key);
        if (newest == null || newest.entry != segment.first() + index) {
            return;
        }
        Frame frame = Frame.copyOf(segment, index);
        trimmed.put(frame.position(), newest);
        newest.frame = frame;
        budget.add(cost(frame));
        if (trimmed.size() > MAX_KEYS) {
            dropOldest();
        }
    }

    void dropOldest() {
        var eldest = Objects.requireNonNull(trimmed.pollFirstEntry());
        floor = Math.max(floor, eldest.getKey());
        budget.add(-cost(Objects.requireNonNull(eldest.getValue().frame)));
        forget(eldest.getValue());
    }

    /** Drops everything, the events that the log still holds too. */
    void clear() {
        while (!isEmpty()) {
            dropOldest();
        }
        List.copyOf(keys.values()).forEach(this::forget);
    }

    /** Takes the newest event of a key that only a store has, unless a newer one is known. */
    public void load(String key, Frame frame) {
        Newest newest = reserve(key);
        Frame known = newest.frame;
        if (newest.entry >= 0 || (known != null && known.position() >= frame.position())) {
            return;
        }
        if (known != null) {
            trimmed.remove(known.position());
            budget.add(-cost(known));
        }
        trimmed.put(frame.position(), newest);
        newest.frame = frame;
        budget.add(cost(frame));
        if (trimmed.size() > MAX_KEYS) {
            dropOldest();
        }
    }

    /** Everything up to the position is lost. */
    void raiseFloor(long position) {
        floor = Math.max(floor, position);
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
        for (Newest newest : trimmed.tailMap(position, false).values()) {
            Frame frame = Objects.requireNonNull(newest.frame);
            boolean full = found.size() >= batch || bytes >= batchBytes;
            if (full && frame.position() > floor) {
                break;
            }
            found.add(frame);
            bytes += frame.length();
        }
        return found;
    }

    /** Returns the frames after a position and up to another, as many as fill the batch. */
    List<Frame> between(long position, long until, int batch, long batchBytes) {
        var found = new ArrayList<Frame>();
        long bytes = 0;
        for (Newest newest : trimmed.subMap(position, false, until, true).values()) {
            Frame frame = Objects.requireNonNull(newest.frame);
            found.add(frame);
            bytes += frame.length();
            if (found.size() >= batch || bytes >= batchBytes) {
                break;
            }
        }
        return found;
    }

    /** Returns whether the entry is the newest event of its key. */
    boolean isNewest(String key, long entry) {
        Newest newest = keys.get(key);
        return newest != null && newest.frame == null && newest.entry == entry;
    }

    /** Returns the position of the newest event that was lost: up to there is a gap. */
    public long floor() {
        return floor;
    }

    boolean isEmpty() {
        return trimmed.isEmpty();
    }

    /** Returns the position of the oldest frame; the table must not be empty. */
    long first() {
        return trimmed.firstKey();
    }

    /** Returns the position of the newest frame, or the floor where that is higher. */
    public long last() {
        return isEmpty() ? floor : Math.max(floor, trimmed.lastKey());
    }
}
