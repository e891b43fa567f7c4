package microdot;

import java.time.Duration;

/**
 * The bytes that a transport writes last when the server, not the writer or the client, ends a
 * streamed body: because the server stops, or because the body has reached its maximum age.
 */
@FunctionalInterface
public interface ClosingFrames {
    /**
     * The shortest reconnect delay that a server asks for: half a second. A server that restarts is
     * not back sooner.
     */
    Duration MIN_RECONNECT_DELAY = Duration.ofMillis(500);

    /** No closing frames: the body ends without further bytes. */
    ClosingFrames NONE = delay -> new byte[0];

    /**
     * Returns the closing frames. Called at most once, on {@link BodySink#loop()}, also while the
     * writer has not begun; must not block.
     *
     * @param reconnectDelay how long the client should wait before it reconnects
     * @return the bytes to write; empty for none
     */
    byte[] after(Duration reconnectDelay);
}
