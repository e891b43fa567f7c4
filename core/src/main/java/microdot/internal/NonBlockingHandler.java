package microdot.internal;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;

/**
 * The classes of handlers that may run on an event loop. The package is not exported, so that an
 * application's code never runs on an event loop. It is a registration and not a supertype, because
 * an application sees the members of every supertype of a public class.
 */
public final class NonBlockingHandler {
    private static final Map<Class<?>, BiPredicate<Object, Object>> TESTS =
            new ConcurrentHashMap<>();

    private NonBlockingHandler() {}

    /**
     * Registers a class of handlers; subclasses are not included. The static initializer of the
     * class calls it, so that no handler exists before.
     *
     * @param mayBlock whether the handler, or the writer of the stream that it answers with, may
     *     block for this request; asked once for each request, and must not block itself
     */
    public static <T> void register(Class<T> type, BiPredicate<T, Object> mayBlock) {
        TESTS.put(type, (handler, request) -> mayBlock.test(type.cast(handler), request));
    }

    /**
     * Whether a handler needs a thread that may block for the request: true for every handler of an
     * application.
     */
    public static boolean mayBlock(Object handler, Object request) {
        BiPredicate<Object, Object> test = TESTS.get(handler.getClass());
        return test == null || test.test(handler, request);
    }
}
