package microdot.internal;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Gives other packages the name of a request's route, for log entries that must not differ by
 * request. It is no method of the request, because an application would see that.
 */
public final class RouteName {
    /** The name for a request that no route matched. */
    public static final String NONE = "a request without a route";

    private static volatile @Nullable UnaryOperator<Object> reader;

    private RouteName() {}

    /**
     * The static initializer of the request's class calls it.
     *
     * @param read returns, for a request, an object whose text is the name of its route
     */
    public static void register(UnaryOperator<Object> read) {
        reader = read;
    }

    /** Returns the methods and the path of a request's route, such as {@code GET /users/{id}}. */
    public static String of(Object request) {
        UnaryOperator<Object> read = reader;
        return read == null ? NONE : read.apply(request).toString();
    }
}
