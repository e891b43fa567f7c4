package microdot.netty.stream;

import java.util.function.LongSupplier;
import microdot.CloseReason;

/**
 * One stream of an HTTP/2 connection, as the connection sees it: a request that is handled, a
 * response that is written, or a body that is streamed. Confined to the event loop.
 */
public interface OpenStream {
    /** The client, or its socket, may take more bytes than when {@link FrameOutput} had no room. */
    void writable();

    /**
     * Drops bytes that the client sent after the response had begun; returns how many of them the
     * windows get back.
     */
    int drop(int count);

    /** Ends the stream if something is overdue; {@code now} from {@link System#nanoTime}. */
    void tick(long now);

    /** Ends a streamed body, or a wait for events, at the time that the supplier gives. */
    void drain(LongSupplier ends);

    /** The server stops. */
    void stop();

    /**
     * The stream is closed, by either side, or with its connection.
     *
     * @param reason why, if it was not ended before
     */
    void closed(CloseReason reason);
}
