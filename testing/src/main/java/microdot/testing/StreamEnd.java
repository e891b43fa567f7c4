package microdot.testing;

/** How a stream ended. */
public enum StreamEnd {
    /** Properly: its handler returned or closed it, or the server closed it. */
    RETURNED,
    /** Aborted: its handler failed. */
    ABORTED,
    /** Closed by this client. */
    CLOSED
}
