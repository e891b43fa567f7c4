package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * Frames what one feed gives in one slice, and shares the framed bytes between followers. Confined
 * to one event loop, which reuses it for every slice of every stream.
 *
 * <p>The followers of a topic are at the same position most of the time, and put the same byte
 * ranges of the same segment one after another. So {@link #put} only notes the ranges. If they
 * equal those of the follower before, both write the same memory: an event is copied and framed
 * once for each loop, not once for each follower.
 *
 * <p>Why: docs/decisions/0001-frames-without-chunk-heads.md. Together with {@link DirectSend}, a
 * delivery to 1,000 followers costs 1.26 times the CPU of a bare epoll program in C, instead of
 * 1.55 to 1.6. Sharing alone gains nothing.
 */
final class SharedChunk implements BodySink.Space {
    private ByteRanges put = new ByteRanges();
    private int room;

    // The last framed bytes, and what they were framed from.
    private ByteRanges framed = new ByteRanges();
    private @Nullable ByteBuf buffer;
    private Framing framing = Framing.CHUNKED;

    /** Starts the slice of one stream, which takes this many bytes. */
    void begin(int bytes) {
        put.clear();
        room = bytes;
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
     * Returns what was put in this slice, framed, or null if nothing was. The buffer belongs to
     * this object: a caller that keeps it longer than its task must retain it.
     */
    @Nullable ByteBuf take(Channel channel, Framing wanted) {
        if (put.isEmpty()) {
            return null;
        }
        ByteBuf shared = buffer;
        if (shared == null || framing != wanted || !framed.isSame(put)) {
            release();
            // The channel's allocator is used only here, because the channel is rarely in the
            // processor's cache.
            shared = frame(channel.alloc(), wanted);
            buffer = shared;
            framing = wanted;
            ByteRanges free = framed;
            framed = put;
            put = free;
        }
        return shared;
    }

    /** Returns how many bytes the last framed ranges have without their framing. */
    int length() {
        return framed.length();
    }

    private ByteBuf frame(ByteBufAllocator allocator, Framing wanted) {
        ByteBuf target = wanted.begin(allocator, put.length());
        put.writeTo(target);
        wanted.complete(target);
        return target;
    }

    /** Releases the last framed bytes, so that a quiet loop does not hold an old event. */
    void release() {
        ByteBuf last = buffer;
        if (last != null) {
            buffer = null;
            framed.clear();
            last.release();
        }
    }
}
