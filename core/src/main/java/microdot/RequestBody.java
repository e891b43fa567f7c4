package microdot;

import java.io.IOException;
import java.io.InputStream;

/**
 * The body of a request, as a {@link Transport} supplies it: nothing is read before {@link #open}.
 * Applications use {@link Request} instead. Its methods are called by one thread at a time, and
 * never on an event loop.
 */
public interface RequestBody {
    /** Returns the number of bytes that the client declared; -1 if it declared none. */
    long length();

    /** Returns the number of bytes that a route without {@link Microdot#maxBody} reads at most. */
    long limit();

    /**
     * Begins to read. Called at most once. A read waits for bytes of the client. It throws an
     * {@link HttpException} if the client sends no proper body: 400 for a malformed or unfinished
     * body, 408 for one that is too slow.
     */
    InputStream open();

    /**
     * Notes how many bytes of memory the framework keeps of this body while the request lasts, so
     * that a transport can count them. The default does nothing.
     */
    default void keeps(long bytes) {}

    /**
     * Reads the whole body into memory. Called at most once, instead of {@link #open}.
     *
     * @param limit the bytes that are read at most; a longer body is cut off after one byte more
     */
    default byte[] readAll(int limit) throws IOException {
        return open().readNBytes(limit == Integer.MAX_VALUE ? limit : limit + 1);
    }
}
