package microdot.sse;

/** Why the framework has ended a run: the data of its last event, {@code run-stopped}. */
enum RunEnd {
    /** {@link Runs#stop}. */
    STOPPED("stopped"),
    /** {@link RunOptions#whenNobodyFollows}. */
    NOBODY_FOLLOWS("nobody-follows"),
    /** {@link RunOptions#maxBytes}, or runs take too much memory together. */
    TOO_LARGE("too-large"),
    /** The server or the {@link Runs} have closed. */
    CLOSING("closing");

    private final String text;

    RunEnd(String text) {
        this.text = text;
    }

    Event event() {
        return Event.of(text).event("run-stopped");
    }
}
