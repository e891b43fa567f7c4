package microdot;

import org.jspecify.annotations.Nullable;

/** A handler that {@link Microdot#blocking} made: it runs on a platform thread. */
record BlockingHandler(Handler handler) implements Handler {
    @Override
    public @Nullable Object handle(Request request) throws Exception {
        return handler.handle(request);
    }
}
