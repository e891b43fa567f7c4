package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** How the bytes of a streamed body are framed on the wire. */
public enum Framing {
    /** The chunked transfer coding of HTTP/1.1 (RFC 9112, section 7.1). */
    CHUNKED,
    /** None: for HTTP/1.0, whose body ends with the connection, and before HTTP/2's own frames. */
    NONE;

    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};

    /** Eight hexadecimal digits and two line breaks. */
    private static final int OVERHEAD = 12;

    /**
     * Returns a buffer with room for the given number of body bytes. The caller appends them, then
     * calls {@link #complete}.
     *
     * @param size positive: an empty chunk would end the body
     */
    ByteBuf begin(ByteBufAllocator allocator, int size) {
        ByteBuf buffer = allocator.ioBuffer(size + OVERHEAD);
        if (this == CHUNKED) {
            buffer.writeCharSequence(Integer.toHexString(size), StandardCharsets.US_ASCII);
            buffer.writeBytes(CRLF);
        }
        return buffer;
    }

    /** Appends what follows the body bytes. */
    void complete(ByteBuf buffer) {
        if (this == CHUNKED) {
            buffer.writeBytes(CRLF);
        }
    }

    /** Returns what ends the body; empty where the end of the connection does. */
    ByteBuf end() {
        return this == CHUNKED ? Unpooled.wrappedBuffer(LAST_CHUNK) : Unpooled.EMPTY_BUFFER;
    }
}
