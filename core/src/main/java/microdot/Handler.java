package microdot;

import org.jspecify.annotations.Nullable;

/**
 * Answers requests. Runs on a virtual thread that serves only one request, so it may block. Code
 * that computes for long or waits in native code needs {@link Microdot#blocking}.
 */
@FunctionalInterface
public interface Handler {
    /**
     * Answers the request.
     *
     * @return a {@link Response}; a {@link CharSequence} (plain text); a {@link java.util.Map},
     *     {@link Iterable}, array or record (JSON); an {@link Integer} (that status); a {@code
     *     byte[]}; or null (204)
     * @throws Exception answered by the application's error handlers; without an error handler, an
     *     {@link HttpException} is answered with its own status, and anything else with 500 and an
     *     entry in the log
     */
    @Nullable Object handle(Request request) throws Exception;
}
