package microdot.sse;

import microdot.Request;

/** Writes an event stream. It runs for as long as the stream is open, or shorter. */
@FunctionalInterface
public interface SseHandler {
    /**
     * Sends events until it is done or interrupted. Runs on a virtual thread, or on a platform
     * thread if {@link microdot.Microdot#blocking} asks for it. The thread is interrupted once when
     * the client disconnects or the server stops. A return ends the stream properly, and a
     * browser's {@code EventSource} then reconnects.
     *
     * @throws Exception before the end of the stream: logged once, and the connection is aborted so
     *     that the client can tell; after the handler closed the stream itself: logged too, unless
     *     it is a {@link StreamClosedException} or an InterruptedException; after any other end, by
     *     cancellation: no more than a debug line
     */
    void handle(Request request, Sse sse) throws Exception;
}
