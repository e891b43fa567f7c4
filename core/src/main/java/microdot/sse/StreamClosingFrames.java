package microdot.sse;

import java.time.Duration;
import java.util.Arrays;
import microdot.ClosingFrames;
import microdot.internal.BriefLock;

/**
 * The closing frames of one stream, and with them whether it follows topics. The transport gets
 * this object once, before the head is sent; what it delegates to changes while the stream goes on.
 * Every method may be called from any thread.
 */
final class StreamClosingFrames extends BriefLock implements ClosingFrames {
    private static final ClosingFrames RETRY_ONLY = Retry::in;

    private volatile ClosingFrames current;

    /** For a stream that a handler writes and that follows no topics. */
    StreamClosingFrames() {
        this(RETRY_ONLY);
    }

    /**
     * For a stream that follows topics.
     *
     * @param beforeDelivery in force until delivery starts
     */
    StreamClosingFrames(ClosingFrames beforeDelivery) {
        current = beforeDelivery;
    }

    boolean isFollowing() {
        return !current.equals(RETRY_ONLY);
    }

    /** Makes the stream one that follows topics. Returns false when it is one already. */
    boolean startFollowing(ClosingFrames beforeDelivery) {
        lock();
        try {
            if (isFollowing()) {
                return false;
            }
            current = beforeDelivery;
            return true;
        } finally {
            unlock();
        }
    }

    /** Delivery has started: the follower knows from now on which position the client has. */
    void delivering(ClosingFrames follower) {
        lock();
        try {
            current = follower;
        } finally {
            unlock();
        }
    }

    @Override
    public byte[] after(Duration reconnectDelay) {
        return current.after(reconnectDelay);
    }

    static byte[] join(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }
}
