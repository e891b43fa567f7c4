package microdot.sse;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a log: frames one behind another in one array, and an index. It only ever grows at
 * its end, by one writer under the lock of the topics; readers need no lock, for the count is
 * written last. It is never used again for anything else: who still reads an old one reads what was
 * there.
 */
final class Segment {
    /**
     * The number of the first entry within its topic; entries are numbered from 0 without a hole.
     */
    final long first;

    final byte[] bytes;
    private long[] positions;
    private long[] times;
    private int[] ends;
    private @Nullable Object @Nullable [] keys;
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

    boolean hasRoom(int length) {
        return bytes.length - used() >= length;
    }

    /** Where the next frame begins. */
    int used() {
        return count == 0 ? 0 : ends[count - 1];
    }

    /** Makes the bytes before the end, which are written already, an entry. */
    void add(long position, long time, int end, @Nullable Object key, @Nullable String userId) {
        int at = count;
        if (at == ends.length) {
            grow();
        }
        positions[at] = position;
        times[at] = time;
        ends[at] = end;
        if (key != null) {
            keys = keys == null ? new @Nullable Object[ends.length] : keys;
            keys[at] = key;
        }
        if (userId != null) {
            userIds = userIds == null ? new @Nullable String[ends.length] : userIds;
            userIds[at] = userId;
        }
        count = at + 1;
    }

    // Readers of the old arrays find in them all that they may look at.
    private void grow() {
        int entries = ends.length * 2;
        long[] morePositions = Arrays.copyOf(positions, entries);
        long[] moreTimes = Arrays.copyOf(times, entries);
        int[] moreEnds = Arrays.copyOf(ends, entries);
        keys = keys == null ? null : Arrays.copyOf(keys, entries);
        userIds = userIds == null ? null : Arrays.copyOf(userIds, entries);
        // Who read an older count and finds a new array must find it filled.
        VarHandle.storeStoreFence();
        positions = morePositions;
        times = moreTimes;
        ends = moreEnds;
    }

    int count() {
        return count;
    }

    long position(int at) {
        return positions[at];
    }

    long time(int at) {
        return times[at];
    }

    @Nullable Object key(int at) {
        return keys == null ? null : keys[at];
    }

    @Nullable String userId(int at) {
        return userIds == null ? null : userIds[at];
    }

    int start(int at) {
        return at == 0 ? 0 : ends[at - 1];
    }

    int end(int at) {
        return ends[at];
    }
}
