package microdot;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An application's handlers of statuses and exceptions. */
final class ErrorHandlers {
    private final Map<Integer, ErrorHandler<Throwable>> byStatus = new ConcurrentHashMap<>();
    private final Map<Class<?>, ErrorHandler<Throwable>> byClass = new ConcurrentHashMap<>();

    void put(int status, ErrorHandler<Throwable> handler) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException(
                    "status: " + status + " (expected: that of an error, 400 to 599)");
        }
        checkNew("status", status, byStatus.putIfAbsent(status, handler));
    }

    <E extends Throwable> void put(Class<E> type, ErrorHandler<E> handler) {
        ErrorHandler<Throwable> casting =
                (request, error) -> handler.handle(request, type.cast(error));
        checkNew("class", type.getName(), byClass.putIfAbsent(type, casting));
    }

    private static void checkNew(
            String what, Object key, @Nullable ErrorHandler<Throwable> existing) {
        if (existing != null) {
            throw new IllegalArgumentException(
                    what + ": " + key + " (expected: one error handler; this has one already)");
        }
    }

    /**
     * Returns the handler of the error's most specific class, else that of its status. An {@link
     * HttpException} is an answer and no failure: the handler of a subclass of it comes first, then
     * that of its status, then that of {@code HttpException}, but no handler of a superclass.
     */
    @Nullable ErrorHandler<Throwable> find(Throwable error) {
        if (!(error instanceof HttpException http)) {
            ErrorHandler<Throwable> handler = find(error.getClass(), null);
            return handler != null ? handler : byStatus.get(500);
        }
        ErrorHandler<Throwable> handler = find(error.getClass(), HttpException.class);
        handler = handler != null ? handler : byStatus.get(http.status());
        return handler != null ? handler : byClass.get(HttpException.class);
    }

    private @Nullable ErrorHandler<Throwable> find(Class<?> from, @Nullable Class<?> end) {
        for (Class<?> type = from; type != end && type != null; type = type.getSuperclass()) {
            ErrorHandler<Throwable> handler = byClass.get(type);
            if (handler != null) {
                return handler;
            }
        }
        return null;
    }

    boolean isEmpty() {
        return byStatus.isEmpty() && byClass.isEmpty();
    }

    static int status(Throwable error) {
        return error instanceof HttpException http ? http.status() : 500;
    }

    /** Returns the response that has the message of the error. */
    static Response answer(HttpException error) {
        Response response = Response.text(String.valueOf(error.getMessage()));
        advise(response.status(error.status()), error);
        return response;
    }

    /** Adds the advice when to try again to a response that has none. */
    static void advise(Response response, HttpException error) {
        Duration time = error.retryAfter();
        if (time != null && !response.headers().contains("Retry-After")) {
            long seconds = time.getSeconds() + (time.getNano() > 0 ? 1 : 0);
            response.header("Retry-After", Long.toString(seconds));
        }
    }
}
