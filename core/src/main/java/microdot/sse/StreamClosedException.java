package microdot.sse;

/**
 * The stream has ended: the client has disconnected, the server stops, or the stream was closed; or
 * the {@link Run} has ended. The event or comment was not sent.
 */
public final class StreamClosedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StreamClosedException(String message) {
        super(message);
    }

    StreamClosedException(Throwable cause) {
        super("the event stream has ended", cause);
    }
}
