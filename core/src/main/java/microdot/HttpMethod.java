package microdot;

import java.util.Locale;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/** Names of request methods (RFC 9110, section 9.1). */
final class HttpMethod {
    /** The most characters of a method that a route may have. */
    static final int MAX_LENGTH = 32;

    private HttpMethod() {}

    /** Returns the name of a route's method in capitals. */
    static String ofRoute(@Nullable String method) {
        String name = Required.notNull(method, "method", "a name such as GET");
        if (name.length() > MAX_LENGTH || !Headers.isToken(name)) {
            throw new IllegalArgumentException(
                    "method: "
                            + Quoted.of(name)
                            + " (expected: one name such as GET, at most "
                            + MAX_LENGTH
                            + " characters)");
        }
        return name.toUpperCase(Locale.ROOT);
    }

    /**
     * Checks the method of a request (RFC 9112, section 3).
     *
     * @throws HttpException with status 501 when it is longer than the method of any route
     */
    static String ofRequest(String method) {
        if (method.length() > MAX_LENGTH) {
            throw new HttpException(
                    501,
                    "method: "
                            + Quoted.of(method)
                            + " (expected: at most "
                            + MAX_LENGTH
                            + " characters)");
        }
        return method;
    }
}
