package microdot;

import org.jspecify.annotations.Nullable;

/** Ends a request with a status. The client receives the message: it must not contain secrets. */
public class HttpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;

    /** Creates an exception with the standard reason of the status as its message. */
    public HttpException(int status) {
        this(status, Status.reason(status));
    }

    /**
     * Creates an exception.
     *
     * @param message the text that the client receives; null for the standard reason
     * @throws IllegalArgumentException when the status is not from 400 to 599; return the others
     *     from the handler instead, as in {@code return 204} or {@link Response#redirect}
     */
    public HttpException(int status, @Nullable String message) {
        super(message == null ? Status.reason(status) : message);
        if (status < 400 || status > 599) {
            String instead = status >= 300 && status < 400 ? "Response.redirect" : "a status";
            throw new IllegalArgumentException(
                    "status: "
                            + status
                            + " (expected: an error, 400 to 599; return "
                            + instead
                            + " from the handler for others)");
        }
        this.status = status;
    }

    public int status() {
        return status;
    }
}
