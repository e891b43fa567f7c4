package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** A list of byte ranges of arrays. Ranges that touch are merged. */
@SuppressWarnings("ReferenceEquality") // Arrays are compared by identity, not by content.
final class ByteRanges {
    private static final byte[] NONE = {};

    private byte[][] arrays = new byte[4][];
    private int[] from = new int[4];
    private int[] to = new int[4];
    private int count;

    void add(byte[] bytes, int start, int end) {
        if (count > 0 && arrays[count - 1] == bytes && to[count - 1] == start) {
            to[count - 1] = end;
            return;
        }
        if (count == arrays.length) {
            arrays = Arrays.copyOf(arrays, count * 2);
            from = Arrays.copyOf(from, count * 2);
            to = Arrays.copyOf(to, count * 2);
        }
        arrays[count] = bytes;
        from[count] = start;
        to[count] = end;
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Returns the number of bytes in all ranges. */
    int length() {
        int length = 0;
        for (int i = 0; i < count; i++) {
            length += to[i] - from[i];
        }
        return length;
    }

    void writeTo(ByteBuf target) {
        for (int i = 0; i < count; i++) {
            target.writeBytes(arrays[i], from[i], to[i] - from[i]);
        }
    }

    /** Empties the list and releases the arrays for the garbage collector. */
    void clear() {
        Arrays.fill(arrays, 0, count, NONE);
        count = 0;
    }

    /** Returns whether both lists have the same ranges of the same arrays. */
    boolean isSame(ByteRanges other) {
        if (count != other.count) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (arrays[i] != other.arrays[i] || from[i] != other.from[i] || to[i] != other.to[i]) {
                return false;
            }
        }
        return true;
    }
}
