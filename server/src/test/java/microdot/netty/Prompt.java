package microdot.netty;

import microdot.Handler;
import microdot.Request;
import microdot.internal.NonBlockingHandler;
import org.jspecify.annotations.Nullable;

/** A handler that the server runs on an event loop. */
final class Prompt implements Handler {
    static {
        NonBlockingHandler.register(Prompt.class, (prompt, request) -> false);
    }

    private final Handler handler;

    Prompt(Handler handler) {
        this.handler = handler;
    }

    @Override
    public @Nullable Object handle(Request request) throws Exception {
        return handler.handle(request);
    }
}
