package microdot;

import java.time.Duration;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/** Ends a request with a status. The client receives the message: it must not contain secrets. */
public class HttpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final @Nullable Duration retryAfter;

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
        this(null, status, message);
    }

    /**
     * Creates an exception that tells the client when to try again: for 429 and 503.
     *
     * @param message the text that the client receives; null for the standard reason
     * @param retryAfter sent as {@code Retry-After} in whole seconds, rounded up
     * @throws IllegalArgumentException as {@link #HttpException(int, String)} does, and when the
     *     time is negative
     */
    public HttpException(int status, @Nullable String message, Duration retryAfter) {
        this(Required.notNull(retryAfter, "retryAfter", "a time"), status, message);
    }

    private HttpException(@Nullable Duration retryAfter, int status, @Nullable String message) {
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
        if (retryAfter != null && retryAfter.isNegative()) {
            throw new IllegalArgumentException(
                    "retryAfter: " + retryAfter + " (expected: zero or more)");
        }
        this.status = status;
        this.retryAfter = retryAfter;
    }

    public int status() {
        return status;
    }

    /** Returns after which time the client may try again; null for no such advice. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
