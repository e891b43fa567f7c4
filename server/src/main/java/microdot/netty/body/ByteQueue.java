package microdot.netty.body;

import io.netty.buffer.ByteBuf;

/**
 * Bytes that wait, in one array, so that small chunks take no more memory than their bytes. Not
 * thread-safe.
 */
final class ByteQueue {
    private static final byte[] NONE = {};

    private byte[] buffer = NONE;
    private int start;
    private int size;

    /** Adds a copy of the readable bytes, which stay readable. */
    void add(ByteBuf bytes) {
        int count = bytes.readableBytes();
        makeRoom(count);
        bytes.getBytes(bytes.readerIndex(), buffer, start + size, count);
        size += count;
    }

    private void makeRoom(int count) {
        if (start + size + count <= buffer.length) {
            return;
        }
        int needed = size + count;
        byte[] target =
                needed <= buffer.length
                        ? buffer
                        : new byte[size == 0 ? needed : Math.max(needed, 2 * size)];
        System.arraycopy(buffer, start, target, 0, size);
        buffer = target;
        start = 0;
    }

    /** Removes the first bytes, at most a number; returns how many it has copied. */
    int take(byte[] to, int from, int most) {
        int count = Math.min(most, size);
        System.arraycopy(buffer, start, to, from, count);
        start += count;
        size -= count;
        return count;
    }

    /** Removes all bytes and gives up the array. */
    void clear() {
        buffer = NONE;
        start = 0;
        size = 0;
    }

    int size() {
        return size;
    }

    /** Returns the length of the array. */
    int capacity() {
        return buffer.length;
    }
}
