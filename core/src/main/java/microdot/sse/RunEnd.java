package microdot.sse;

import org.jspecify.annotations.Nullable;

/** How a run has ended; see {@link RunOptions#lastEvents}. */
public enum RunEnd {
    /** The handler has returned. */
    RETURNED(""),

    /** The handler has thrown. */
    FAILED("The run failed."),

    /** {@link Runs#stop} was called. */
    STOPPED("stopped"),

    /** No client has followed for {@link RunOptions#whenNobodyFollows}. */
    NOBODY_FOLLOWS("nobody-follows"),

    /** It would take more than {@link RunOptions#maxBytes}, or runs take too much together. */
    TOO_LARGE("too-large"),

    /** The server or the {@link Runs} have closed. */
    CLOSING("closing"),

    /** A client resumes a run that is not kept any more, or that an earlier process has run. */
    FORGOTTEN("forgotten");

    private final String text;

    RunEnd(String text) {
        this.text = text;
    }

    /** Returns what it is called on the wire; after a failure, a text that reveals nothing. */
    String text() {
        return text;
    }

    /**
     * Returns the last event of a run that has no others, null for none.
     *
     * @param failure the text after a failure
     */
    @Nullable Event event(String failure) {
        return switch (this) {
            case RETURNED -> null;
            case FAILED -> Event.of(failure).event("run-error");
            default -> Event.of(text).event("run-stopped");
        };
    }
}
