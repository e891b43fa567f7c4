package microdot;

import org.jspecify.annotations.Nullable;

/** Answers a request whose handler threw an exception. */
@FunctionalInterface
public interface ErrorHandler<E extends Throwable> {
    /**
     * Answers the request.
     *
     * @return what a {@link Handler} may return. If it is neither a {@link Response} nor a status,
     *     the response has the status of the error: that of an {@link HttpException}, else 500
     * @throws Exception is logged, and the request is answered with 500
     */
    @Nullable Object handle(Request request, E error) throws Exception;
}
