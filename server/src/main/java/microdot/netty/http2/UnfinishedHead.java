package microdot.netty.http2;

import io.netty.buffer.ByteBuf;

/**
 * Follows the frames of a connection as far as it must to know whether a head has begun and is not
 * whole, and of what kind it is: Netty tells of a head only at its end. Confined to the event loop.
 */
final class UnfinishedHead {
    private static final int PREFACE = 24;
    private static final int FRAME_HEAD = 9;
    private static final int HEADERS = 1;
    private static final int PUSH_PROMISE = 5;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;

    private int toSkip = PREFACE; // Bytes up to the head of the next frame.
    private int read; // Bytes of the frame's head that is being read.
    private int length;
    private int type;
    private boolean pushed; // The newest head is that of a push.
    private long memory;
    private long since; // From System.nanoTime; 0 if no head is unfinished.

    /** Follows the bytes of the buffer that were decoded. */
    void follow(ByteBuf bytes, int from, int to) {
        for (int at = from; at < to; ) {
            if (toSkip > 0) {
                int count = Math.min(toSkip, to - at);
                toSkip -= count;
                at += count;
            } else {
                next(bytes.getUnsignedByte(at++));
            }
        }
    }

    private void next(int value) {
        switch (read) {
            case 0, 1, 2 -> length = length << 8 | value;
            case 3 -> type = value;
            case 4 -> begin((value & END_HEADERS) != 0);
            default -> {
                // The id of the stream says nothing here.
            }
        }
        read++;
        if (read == FRAME_HEAD) {
            toSkip = length;
            read = 0;
            length = 0;
        }
    }

    private void begin(boolean last) {
        if (type != HEADERS && type != PUSH_PROMISE && type != CONTINUATION) {
            return;
        }
        if (type != CONTINUATION) {
            pushed = type == PUSH_PROMISE;
        }
        if (last) {
            since = 0;
            memory = 0;
        } else {
            since = since == 0 ? System.nanoTime() : since;
            memory += length;
        }
    }

    /** Returns whether the newest head was sent to push a response. */
    boolean isPushed() {
        return pushed;
    }

    /** Returns whether the newest frame is a part of the head of a request. */
    boolean isOfRequest() {
        return (type == HEADERS || type == CONTINUATION) && !pushed;
    }

    /** Returns the bytes of the unfinished head that are decoded already. */
    long memory() {
        return memory;
    }

    /** Returns whether a head is unfinished for longer than the time in nanoseconds. */
    boolean isLate(long now, long longest) {
        return since != 0 && now - since > longest;
    }
}
