package microdot.internal;

/**
 * The destination of a stream that keeps why it ended. The core gives the reason; a transport that
 * does not keep it implements only {@code microdot.BodySink}.
 */
public interface EndsWithReason {
    /** Ends the stream properly. Does nothing if it has ended. */
    void end(CloseReason reason);

    /** Closes the connection without the stream's proper end. Does nothing if it has ended. */
    void abort(CloseReason reason);
}
