package microdot.internal;

import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Marks requests whose handler waits for events. It is no method of the request, because an
 * application would see that.
 */
public final class LongPoll {
    private static volatile @Nullable BiPredicate<Object, Runnable> marker;

    private LongPoll() {}

    /**
     * The static initializer of the request's class calls it.
     *
     * @param mark marks a request, and keeps what wakes its handler
     */
    public static void register(BiPredicate<Object, Runnable> mark) {
        marker = mark;
    }

    /**
     * The handler of the request waits from now on: the request does not count in {@code
     * maxRequests} any more.
     *
     * @param wake runs when the server drains or stops; must not block
     * @return false if the server drains or stops already: the handler must not wait
     */
    public static boolean begin(Object request, Runnable wake) {
        BiPredicate<Object, Runnable> mark = marker;
        return mark == null || mark.test(request, wake);
    }
}
