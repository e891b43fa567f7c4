package microdot.sse;

import microdot.Request;

/** Writes an event stream. Its life is the stream's life. */
@FunctionalInterface
public interface SseHandler {
    /**
     * Sends events until it is done or interrupted. Runs on a virtual thread, which is interrupted
     * once when the client goes or the server stops. A return ends the stream properly, and a
     * browser's {@code EventSource} then comes again.
     *
     * @throws Exception before the stream's end: logged once, and the stream is cut so that the
     *     client can tell; after it, by cancellation, nothing more than a debug line
     */
    void handle(Request request, Sse sse) throws Exception;
}
