package microdot;

/**
 * Why a stream ended. {@link microdot.sse.Sse#onClose(java.util.function.Consumer)} gets it, {@link
 * Outcome#closeReason} has it, and {@link Server.Stats#ended} counts the streams by it.
 */
public enum CloseReason {
    /** The handler returned, or closed its stream. */
    HANDLER_RETURNED,
    /** The handler failed. */
    HANDLER_FAILED,
    /** The client closed or reset its connection. */
    CLIENT_CLOSED,
    /** The client stopped acknowledging. */
    CLIENT_VANISHED,
    /** The client took nothing for longer than {@code stallTimeout}. */
    CLIENT_STALLED,
    /** A follower lagged too far behind its topic. */
    LAGGED,
    /** The memory of the server was used up. */
    OVER_BUDGET,
    /** The stream reached its maximum age or a time that was set for its end. */
    DEADLINE,
    /** The topic was closed. */
    TOPIC_CLOSED,
    /** The server stopped or drained its streams. */
    SERVER_CLOSING,
    /** A fault of the framework, or of the application's code outside of the handler. */
    FAILED
}
