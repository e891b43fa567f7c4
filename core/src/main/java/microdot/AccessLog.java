package microdot;

import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Writes one line for each response that was sent and each stream that has ended: {@code new
 * ServerOptions().accessLog(AccessLog.standard())}.
 *
 * <p>A server calls it on one thread of its own, so that a slow log delays no client. Up to 8,192
 * entries wait for that thread; further ones are dropped, and a log line of {@code microdot.netty}
 * says how many.
 */
@FunctionalInterface
public interface AccessLog {
    /** Writes the entry. May block. What it throws is logged. */
    void log(Entry entry);

    /**
     * Returns the log that writes lines such as {@code 192.0.2.7 GET /events 200 bytes=18233
     * events=120 seconds=61.204 end=CLIENT_CLOSED} at level INFO to the {@link System.Logger}
     * {@code microdot.access}. A response has no {@code events}, and an {@code end} only if its
     * client did not get all of it.
     */
    static AccessLog standard() {
        return new AccessLogLines(AccessLogLines::standard);
    }

    /**
     * Returns the log that writes the same as one JSON object a line, with the names {@code
     * client}, {@code method}, {@code path}, {@code route}, {@code status}, {@code bytes}, {@code
     * events}, {@code seconds} and {@code end}.
     */
    static AccessLog json() {
        return new AccessLogLines(AccessLogLines::json);
    }

    /**
     * A request and what became of it.
     *
     * @param client the address of the client
     * @param method the method; {@code -} if the request could not be read so far
     * @param path the decoded path without the query, which may contain secrets; {@code -} if the
     *     request could not be read so far
     * @param route the route, such as {@code GET /users/{id}}; null if none matched
     * @param stream whether the response is a stream
     */
    record Entry(
            String client,
            String method,
            String path,
            @Nullable String route,
            boolean stream,
            Outcome outcome) {
        public Entry {
            Required.notNull(client, "client", "an address");
            Required.notNull(method, "method", "a method");
            Required.notNull(path, "path", "a path");
            Required.notNull(outcome, "outcome", "an outcome");
        }
    }
}
