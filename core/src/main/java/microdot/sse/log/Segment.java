package microdot.sse.log;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A part of a log: consecutive frames in one array, and an index. It only grows at its end, by one
 * writer under the lock of {@link TopicOrder}. Readers need no lock, because the count is written
 * last. It is never reused for anything else: a reader of an old segment reads what was there.
 */
public final class Segment {
    private final long first;
    private final byte[] bytes;
    private long[] positions;
    private long[] times;
    private int[] ends;
    private @Nullable String @Nullable [] keys;
    private @Nullable String @Nullable [] userIds;
    private volatile int count;

    Segment(long first, int size) {
        this.first = first;
        this.bytes = new byte[size];
        // A guess at short events; the index grows when they are shorter still.
        int entries = Math.clamp(size / 256, 4, 256);
        this.positions = new long[entries];
        this.times = new long[entries];
        this.ends = new int[entries];
    }

    // ---- Writing, under the lock of the order ----

    boolean hasRoom(int length) {
        return bytes.length - used() >= length;
    }

    /** Returns where the next frame begins. */
    int used() {
        return count == 0 ? 0 : ends[count - 1];
    }

    /** Makes room in the index for one entry more: the only step that takes memory. */
    void reserve(boolean key, boolean userId) {
        if (count == ends.length) {
            grow();
        }
        if (key && keys == null) {
            keys = new @Nullable String[ends.length];
        }
        if (userId && userIds == null) {
            userIds = new @Nullable String[ends.length];
        }
    }

    /** Makes bytes that are written already an entry. There is room for it in the index. */
    void add(long position, long time, int length, @Nullable String key, @Nullable String userId) {
        int index = count;
        positions[index] = position;
        times[index] = time;
        ends[index] = used() + length;
        if (key != null) {
            Objects.requireNonNull(keys)[index] = key;
        }
        if (userId != null) {
            Objects.requireNonNull(userIds)[index] = userId;
        }
        count = index + 1;
    }

    /** Returns what the arrays take, in bytes. */
    long cost() {
        int references = (keys == null ? 0 : 4) + (userIds == null ? 0 : 4);
        return MemoryBudget.SEGMENT + bytes.length + (20L + references) * ends.length;
    }

    // Readers of the old arrays find in them everything that they may look at.
    private void grow() {
        int entries = ends.length * 2;
        long[] morePositions = Arrays.copyOf(positions, entries);
        long[] moreTimes = Arrays.copyOf(times, entries);
        int[] moreEnds = Arrays.copyOf(ends, entries);
        @Nullable String @Nullable [] moreKeys = keys == null ? null : Arrays.copyOf(keys, entries);
        userIds = userIds == null ? null : Arrays.copyOf(userIds, entries);
        keys = moreKeys;
        // A reader that read an older count and finds a new array must find it filled.
        VarHandle.storeStoreFence();
        positions = morePositions;
        times = moreTimes;
        ends = moreEnds;
    }

    long time(int index) {
        return times[index];
    }

    @Nullable String key(int index) {
        return keys == null ? null : keys[index];
    }

    @Nullable String userId(int index) {
        return userIds == null ? null : userIds[index];
    }

    // ---- Reading, from any thread, without a lock ----

    /**
     * Returns the number, within its log, of the first entry; entries are numbered from 0 without a
     * hole.
     */
    public long first() {
        return first;
    }

    /** Returns the index of an entry, which must be here. */
    public int indexOf(long entry) {
        return (int) (entry - first);
    }

    /** Returns the array that holds the frames; never change it. */
    public byte[] bytes() {
        return bytes;
    }

    /** Returns the number of entries. Indexes below it may be read. */
    public int count() {
        return count;
    }

    public long position(int index) {
        return positions[index];
    }

    /** Returns where the frame begins. */
    public int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    /** Returns where the frame ends. */
    public int end(int index) {
        return ends[index];
    }

    /** Returns the index of the first entry after the position; the count when there is none. */
    int firstAfter(long position) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (positions[middle] <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the segment of consecutive ones that holds the entry; null when none does. */
    static @Nullable Segment find(Segment[] all, long entry) {
        int high = all.length - 1;
        // The last one first: most readers are there.
        if (high >= 0 && all[high].first > entry) {
            int low = 0;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (all[middle].first <= entry) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            high--;
        }
        Segment found = high < 0 ? null : all[high];
        return found != null && entry < found.first + found.count ? found : null;
    }
}
