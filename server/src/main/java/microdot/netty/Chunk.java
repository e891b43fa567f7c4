package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/** A stretch of a body as it goes over the wire (RFC 9112, section 7.1). */
final class Chunk {
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST = {'0', '\r', '\n', '\r', '\n'};
    private static final int OVERHEAD = 12;

    private Chunk() {}

    /** The parts in one buffer, framed where the body is chunked; then they must not be empty. */
    static ByteBuf of(
            ByteBufAllocator allocator, Collection<byte[]> parts, long size, boolean chunked) {
        ByteBuf buffer = allocator.ioBuffer(Math.toIntExact(size + OVERHEAD));
        if (chunked) {
            buffer.writeCharSequence(Long.toHexString(size), StandardCharsets.US_ASCII);
            buffer.writeBytes(CRLF);
        }
        parts.forEach(buffer::writeBytes);
        if (chunked) {
            buffer.writeBytes(CRLF);
        }
        return buffer;
    }

    /** What ends the body; nothing where the end of the connection does. */
    static ByteBuf last(boolean chunked) {
        return chunked ? Unpooled.wrappedBuffer(LAST) : Unpooled.EMPTY_BUFFER;
    }
}
