package microdot.internal;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The classes of handlers that may run on an event loop. The package is not exported, so that an
 * application's code never runs on an event loop. It is a registration and not a supertype, because
 * an application sees the members of every supertype of a public class.
 */
public final class NonBlockingHandler {
    private static final Map<Class<?>, Predicate<Object>> TESTS = new ConcurrentHashMap<>();

    private NonBlockingHandler() {}

    /**
     * Registers a class of handlers; subclasses are not included. The static initializer of the
     * class calls it, so that no handler exists before.
     *
     * @param mayBlock whether the handler, or the writer of the stream that it answers with, may
     *     block; asked once for each request, and must not block itself
     */
    public static <T> void register(Class<T> type, Predicate<T> mayBlock) {
        TESTS.put(type, handler -> mayBlock.test(type.cast(handler)));
    }

    /**
     * Whether a handler needs a thread that may block: true for every handler of an application.
     */
    public static boolean mayBlock(Object handler) {
        Predicate<Object> test = TESTS.get(handler.getClass());
        return test == null || test.test(handler);
    }
}
