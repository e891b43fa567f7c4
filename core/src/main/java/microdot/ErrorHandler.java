package microdot;

import org.jspecify.annotations.Nullable;

/** Answers a request whose handler threw. */
@FunctionalInterface
public interface ErrorHandler<E extends Throwable> {
    /**
     * Answers, with what a {@link Handler} may return; unless that is a {@link Response} or a
     * status, the status is the error's own: that of an {@link HttpException}, else 500.
     *
     * @throws Exception logged, and answered with 500
     */
    @Nullable Object handle(Request request, E error) throws Exception;
}
