package microdot.netty.body;

import java.io.InputStream;
import microdot.RequestBody;

/** The body of a request without one; the same for all of them. */
public final class NoBody implements RequestBody {
    /** The only one. */
    public static final NoBody INSTANCE = new NoBody();

    private static final byte[] NO_BYTES = {};

    private NoBody() {}

    @Override
    public long length() {
        return 0;
    }

    @Override
    public long limit() {
        return Long.MAX_VALUE;
    }

    @Override
    public InputStream open() {
        return InputStream.nullInputStream();
    }

    @Override
    public byte[] readAll(int limit) {
        return NO_BYTES;
    }
}
