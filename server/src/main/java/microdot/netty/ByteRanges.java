package microdot.netty;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Stretches of arrays, one behind another. */
@SuppressWarnings("ReferenceEquality") // Which arrays, not what is in them, is the question.
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

    /** Keeps no array alive that is not in use. */
    void clear() {
        Arrays.fill(arrays, 0, count, NONE);
        count = 0;
    }

    /** Whether it has the same stretches of the same arrays; what is in them is not looked at. */
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
