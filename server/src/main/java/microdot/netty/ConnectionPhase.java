package microdot.netty;

/** What an HTTP connection is doing. */
enum ConnectionPhase {
    /** Waits for a request, or reads one. */
    IDLE,
    /** A request is being handled. */
    BUSY,
    /** Its answer is on the way to the client. */
    WRITING,
    /** The last response of this connection is a stream. */
    STREAMING,
    /** The last answer is given; what still comes is dropped. */
    LINGERING
}
