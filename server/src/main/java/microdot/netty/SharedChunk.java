package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * What one feed puts in its turn: one chunk, one write. Of one event loop, which uses it again and
 * again.
 *
 * <p>The followers of a topic stand at the same place most of the time, and put the same stretch of
 * the same segment one after another. So what is put is only noted, and when it is what the
 * follower before put, both write the same memory: an event is copied and framed once for a loop,
 * not once for a follower.
 */
final class SharedChunk implements BodySink.Space {
    /** Bytes that one stream may put in one turn, ahead of the others on its loop. */
    private static final int TURN = 64 << 10;

    // The longest size line that an int needs, and the line break behind the chunk.
    private static final int HEAD = 10;
    private static final int TAIL = 2;

    private ByteRanges put = new ByteRanges();
    private int room;

    // What was framed last, and of what.
    private ByteRanges framed = new ByteRanges();
    private @Nullable ByteBuf buffer;
    private boolean chunked;

    void begin() {
        put.clear();
        room = TURN;
    }

    @Override
    public int room() {
        return room;
    }

    @Override
    public void put(byte[] bytes, int from, int to) {
        put.add(bytes, from, to);
        room -= to - from;
    }

    /**
     * What was put, framed, for one write; null for nothing. It stays this space's: who keeps it
     * beyond the turn retains it. Of the context only who frames anew is asked for memory: its
     * channel is cold.
     */
    @Nullable ByteBuf take(ChannelHandlerContext out, boolean asChunk) {
        if (put.isEmpty()) {
            return null;
        }
        ByteBuf shared = buffer;
        if (shared == null || chunked != asChunk || !framed.isSame(put)) {
            forget();
            shared = frame(out.alloc(), asChunk);
            buffer = shared;
            chunked = asChunk;
            ByteRanges free = framed;
            framed = put;
            put = free;
        }
        return shared;
    }

    private ByteBuf frame(ByteBufAllocator allocator, boolean asChunk) {
        int length = put.length();
        ByteBuf target = allocator.ioBuffer(HEAD + length + TAIL);
        target.writerIndex(HEAD).readerIndex(HEAD);
        put.writeTo(target);
        if (asChunk) {
            byte[] size = Integer.toHexString(length).getBytes(StandardCharsets.US_ASCII);
            int start = HEAD - size.length - 2;
            target.setBytes(start, size).setByte(HEAD - 2, '\r').setByte(HEAD - 1, '\n');
            target.readerIndex(start).writeByte('\r').writeByte('\n');
        }
        return target;
    }

    /** Lets go of what was framed last: a loop that falls silent shall not hold an old event. */
    void forget() {
        ByteBuf last = buffer;
        if (last != null) {
            buffer = null;
            framed.clear();
            last.release();
        }
    }
}
