package microdot.netty.stream;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a stream handed to its connection. Only a stream that an access log or a hook observes has
 * one.
 */
public final class StreamCount {
    private final AtomicLong events = new AtomicLong();
    private long bytes; // Confined to the event loop.
    private volatile @Nullable Throwable failure;

    /** Creates the count of a stream that has not begun. */
    public StreamCount() {}

    void addEvents(int more) {
        events.addAndGet(more);
    }

    void addBytes(long more) {
        bytes += more;
    }

    void failed(Throwable cause) {
        failure = cause;
    }

    public long events() {
        return events.get();
    }

    /** Returns the bytes of the body without the framing of HTTP. On the event loop. */
    public long bytes() {
        return bytes;
    }

    /** Returns what the writer of the stream failed with; null if it did not fail. */
    public @Nullable Throwable failure() {
        return failure;
    }
}
