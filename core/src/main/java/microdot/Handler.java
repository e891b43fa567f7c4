package microdot;

import org.jspecify.annotations.Nullable;

/**
 * Answers a request. Runs on a virtual thread of the request's own, so it may block, unless it says
 * that it does not.
 */
@FunctionalInterface
public interface Handler {
    /**
     * Answers the request.
     *
     * @return a {@link Response}; a {@link CharSequence} (plain text); a {@link java.util.Map},
     *     {@link Iterable}, array or record (JSON); an {@link Integer} (that status); a {@code
     *     byte[]}; or null (204)
     * @throws Exception answered by the application's error handlers; without one an {@link
     *     HttpException} with its own status, anything else with 500 and a line in the log
     */
    @Nullable Object handle(Request request) throws Exception;

    /**
     * Whether it, or the writer of the stream that it answers with, may block; default true. One
     * that says false runs where thousands of connections wait for it, without a thread of its own,
     * when no hook is there for the request; should it throw, it is called once more on a thread.
     */
    default boolean mayBlock() {
        return true;
    }
}
