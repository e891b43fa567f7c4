package microdot;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An application's handlers of statuses and exceptions. */
final class ErrorHandlers {
    private final Map<Integer, ErrorHandler<Throwable>> byStatus = new ConcurrentHashMap<>();
    private final Map<Class<?>, ErrorHandler<Throwable>> byClass = new ConcurrentHashMap<>();

    void put(int status, Handler handler) {
        byStatus.put(Status.check(status), (request, error) -> handler.handle(request));
    }

    <E extends Throwable> void put(Class<E> type, ErrorHandler<E> handler) {
        byClass.put(type, (request, error) -> handler.handle(request, type.cast(error)));
    }

    /** Returns the handler of the error's most specific class, else that of its status. */
    @Nullable ErrorHandler<Throwable> find(Throwable error) {
        // An HttpException has a status: the handler of that status is more specific than a handler
        // of RuntimeException or of its superclasses.
        boolean byOwnStatus = error instanceof HttpException && byStatus.containsKey(status(error));
        for (Class<?> type = error.getClass();
                type != null && !(byOwnStatus && type == RuntimeException.class); ) {
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
