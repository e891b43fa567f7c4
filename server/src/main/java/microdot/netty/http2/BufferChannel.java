package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Lets a file be read into a buffer, up to a number of bytes. Not safe for use by several threads.
 */
final class BufferChannel implements WritableByteChannel {
    private final ByteBuf target;
    private int left;

    BufferChannel(ByteBuf target, int most) {
        this.target = target;
        this.left = most;
    }

    @Override
    public int write(ByteBuffer source) {
        int count = Math.min(left, source.remaining());
        int end = source.limit();
        source.limit(source.position() + count);
        target.writeBytes(source);
        source.limit(end);
        left -= count;
        return count;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
