package microdot;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An application's own answers to statuses and exceptions. */
final class ErrorHandlers {
    private final Map<Integer, ErrorHandler<Throwable>> byStatus = new ConcurrentHashMap<>();
    private final Map<Class<?>, ErrorHandler<Throwable>> byClass = new ConcurrentHashMap<>();

    void put(int status, Handler handler) {
        byStatus.put(Status.check(status), (request, error) -> handler.handle(request));
    }

    <E extends Throwable> void put(Class<E> type, ErrorHandler<E> handler) {
        byClass.put(type, (request, error) -> handler.handle(request, type.cast(error)));
    }

    /** The handler of the nearest class that the error is of, else that of its status. */
    @Nullable ErrorHandler<Throwable> find(Throwable error) {
        // An HttpException names its status: a handler for that status is nearer than one for all
        // exceptions.
        boolean named = error instanceof HttpException && byStatus.containsKey(status(error));
        for (Class<?> type = error.getClass();
                type != null && !(named && type == RuntimeException.class); ) {
            ErrorHandler<Throwable> handler = byClass.get(type);
            if (handler != null) {
                return handler;
            }
            type = type.getSuperclass();
        }
        return byStatus.get(status(error));
    }

    static int status(Throwable error) {
        return error instanceof HttpException http ? http.status() : 500;
    }
}
