package microdot.sse;

/**
 * The stream has ended: the client has gone, the server stops, or it was closed. What was to be
 * sent was not.
 */
public final class StreamClosedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StreamClosedException(Throwable cause) {
        super("the event stream has ended", cause);
    }
}
