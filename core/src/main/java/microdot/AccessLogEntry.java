package microdot;

import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A request and what became of it, for an {@link AccessLog}.
 *
 * @param client the address of the client
 * @param method the method; {@code -} if the request could not be read so far
 * @param path the decoded path without the query, which may contain secrets; {@code -} if the
 *     request could not be read so far
 * @param route the route, such as {@code GET /users/{id}}; null if none matched
 * @param stream whether the response is a stream
 */
public record AccessLogEntry(
        String client,
        String method,
        String path,
        @Nullable String route,
        boolean stream,
        Outcome outcome) {
    public AccessLogEntry {
        Required.notNull(client, "client", "an address");
        Required.notNull(method, "method", "a method");
        Required.notNull(path, "path", "a path");
        Required.notNull(outcome, "outcome", "an outcome");
    }
}
