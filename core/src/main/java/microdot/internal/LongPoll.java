package microdot.internal;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Marks requests whose handler waits for events. It is no method of the request, because an
 * application would see that.
 */
public final class LongPoll {
    private static volatile @Nullable BiConsumer<Object, Runnable> marker;

    private LongPoll() {}

    /**
     * The static initializer of the request's class calls it.
     *
     * @param mark marks a request, and keeps what wakes its handler
     */
    public static void register(BiConsumer<Object, Runnable> mark) {
        marker = mark;
    }

    /**
     * The handler of the request waits from now on: the request does not count in {@code
     * maxRequests} any more.
     *
     * @param wake runs when the server drains or stops, perhaps at once; must not block
     */
    public static void begin(Object request, Runnable wake) {
        BiConsumer<Object, Runnable> mark = marker;
        if (mark != null) {
            mark.accept(request, wake);
        }
    }
}
