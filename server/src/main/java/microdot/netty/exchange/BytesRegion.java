package microdot.netty.exchange;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * A long body in memory that is sent like a file: as much as the socket takes. Netty would copy a
 * whole array to direct memory before it sends the first byte.
 */
final class BytesRegion extends AbstractReferenceCounted implements FileRegion {
    /** How much is copied to direct memory for one write to the socket. */
    private static final int SLICE = 64 << 10;

    private final byte[] bytes;
    private int sent;

    BytesRegion(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] bytes() {
        return bytes;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        int length = Math.min(SLICE, bytes.length - (int) position);
        int count = target.write(ByteBuffer.wrap(bytes, (int) position, length));
        sent += Math.max(0, count);
        return count;
    }

    @Override
    public long position() {
        return 0;
    }

    @Override
    public long transferred() {
        return sent;
    }

    @Override
    @Deprecated
    public long transfered() {
        return sent;
    }

    @Override
    public long count() {
        return bytes.length;
    }

    @Override
    public FileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public FileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public FileRegion touch() {
        return this;
    }

    @Override
    public FileRegion touch(Object hint) {
        return this;
    }

    @Override
    protected void deallocate() {}
}
