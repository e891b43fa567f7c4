package microdot;

import org.jspecify.annotations.Nullable;

/** A handler with its own limit for the body of its requests. */
record BodyLimit(long bytes, Handler handler) implements Handler {
    @Override
    public @Nullable Object handle(Request request) throws Exception {
        // The router has set it already, unless another handler wraps this one.
        request.maxBody(bytes);
        return handler.handle(request);
    }
}
