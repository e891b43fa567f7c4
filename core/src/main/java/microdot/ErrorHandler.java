package microdot;

import org.jspecify.annotations.Nullable;

/** Answers a request whose handler threw an exception. */
@FunctionalInterface
public interface ErrorHandler<E extends Throwable> {
    /**
     * Answers the request.
     *
     * @return what a {@link Handler} may return. The response has the status of the error, that of
     *     an {@link HttpException} or 500, unless this is a number or a {@link Response} whose
     *     status was set
     * @throws Exception is logged, and the request is answered with 500
     */
    @Nullable Object handle(Request request, E error) throws Exception;
}
