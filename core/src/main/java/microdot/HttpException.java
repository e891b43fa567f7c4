package microdot;

/** Ends a request with a status. Its message goes to the client, so it must hold nothing secret. */
public class HttpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;

    /** The status with its standard reason as the text. */
    public HttpException(int status) {
        this(status, Status.reason(status));
    }

    /**
     * The status and the text that the client gets.
     *
     * @throws IllegalArgumentException when the status is not from 400 to 599
     */
    public HttpException(int status, String message) {
        super(message);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
        }
        this.status = status;
    }

    public int status() {
        return status;
    }
}
