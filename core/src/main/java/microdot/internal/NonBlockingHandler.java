package microdot.internal;

import java.util.function.BooleanSupplier;

/**
 * A handler that may run on an event loop. The package is not exported, so that an application's
 * code never runs on an event loop.
 */
public abstract class NonBlockingHandler {
    private final BooleanSupplier mayBlock;

    /**
     * Creates a handler.
     *
     * @param mayBlock whether the handler, or the writer of the stream that it answers with, may
     *     block; asked once for each request, and must not block itself
     */
    protected NonBlockingHandler(BooleanSupplier mayBlock) {
        this.mayBlock = mayBlock;
    }

    /**
     * Whether a handler needs a thread that may block: true for every handler of an application.
     */
    public static boolean mayBlock(Object handler) {
        return !(handler instanceof NonBlockingHandler own) || own.mayBlock.getAsBoolean();
    }
}
