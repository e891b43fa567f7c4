package microdot;

import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** A body that is in memory from the start, as in tests. */
final class BytesBody implements RequestBody {
    private final byte[] bytes;

    BytesBody(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public long limit() {
        return Long.MAX_VALUE;
    }

    @Override
    public InputStream open() {
        return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] readAll(int limit) {
        return bytes;
    }
}
