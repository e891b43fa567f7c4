package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * What one feed fills in its turn: one buffer, one chunk, one write. Of one event loop, which uses
 * it again and again.
 */
final class FeedSpace implements BodySink.Space {
    /** Bytes that one stream may put in one turn, ahead of the others on its loop. */
    private static final int TURN = 64 << 10;

    // The longest size line that an int needs, and the line break behind the chunk.
    private static final int HEAD = 10;
    private static final int TAIL = 2;

    private @Nullable ByteBufAllocator allocator;
    private @Nullable ByteBuf buffer;
    private int room;

    void begin(ByteBufAllocator alloc) {
        allocator = alloc;
        room = TURN;
    }

    @Override
    public int room() {
        return room;
    }

    @Override
    public void put(byte[] bytes, int from, int to) {
        ByteBuf target = buffer;
        if (target == null) {
            if (allocator == null) {
                throw new IllegalStateException("put outside a turn");
            }
            target = allocator.ioBuffer(HEAD + to - from + TAIL);
            target.writerIndex(HEAD).readerIndex(HEAD);
            buffer = target;
        }
        target.writeBytes(bytes, from, to - from);
        room -= to - from;
    }

    /** What was put, framed; null for nothing. */
    @Nullable ByteBuf take(boolean chunked) {
        ByteBuf taken = buffer;
        buffer = null;
        if (taken != null && chunked) {
            byte[] size =
                    Integer.toHexString(taken.readableBytes()).getBytes(StandardCharsets.US_ASCII);
            int start = HEAD - size.length - 2;
            taken.setBytes(start, size).setByte(HEAD - 2, '\r').setByte(HEAD - 1, '\n');
            taken.readerIndex(start).writeByte('\r').writeByte('\n');
        }
        return taken;
    }
}
