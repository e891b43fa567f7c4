package microdot;

import java.util.Arrays;
import java.util.Set;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A hook that rejects requests which a page of another site makes a browser send with the user's
 * cookies: {@code app.beforeRequest(new Csrf())}. Forms can send such requests without a preflight.
 *
 * <p>GET, HEAD and OPTIONS pass: they must not change anything. Other methods pass if the browser
 * says that the page is of the same origin ({@code Sec-Fetch-Site}, or an {@code Origin} that names
 * the same host), if the page's origin is allowed, or if the request has neither field, because no
 * browser sent it. All others get 403. It needs no tokens and no state.
 *
 * @see <a href="https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header">Sec-Fetch-Site</a>
 */
public final class Csrf implements Handler {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

    private final Set<String> allowed;

    /**
     * Creates a hook.
     *
     * @param allowed other origins whose pages may send requests, such as {@code
     *     https://app.example}
     * @throws IllegalArgumentException when one is not written as browsers send it
     */
    public Csrf(String... allowed) {
        Cors.checkNoNull("origins", allowed);
        for (String origin : allowed) {
            if (!Cors.isOrigin(origin) || origin.contains("*")) {
                throw new IllegalArgumentException(
                        "origin: "
                                + Quoted.of(origin)
                                + " (expected: a scheme, a host and perhaps a port, without a path,"
                                + " such as https://app.example)");
            }
        }
        this.allowed = Set.copyOf(Arrays.asList(allowed));
    }

    @Override
    public @Nullable Object handle(Request request) {
        Required.notNull(request, "request", "a request");
        if (SAFE.contains(request.method()) || isOfThisSite(request)) {
            return null;
        }
        throw new HttpException(
                403,
                "a page of another site sent this request: "
                        + sent(request, "Origin")
                        + ", "
                        + sent(request, "Sec-Fetch-Site")
                        + " (expected: the same origin, or one that new Csrf(...) names)");
    }

    private static String sent(Request request, String field) {
        String value = request.header(field);
        return field + (value == null ? ": none" : ": " + Quoted.of(value));
    }

    private boolean isOfThisSite(Request request) {
        String origin = request.header("Origin");
        if (origin != null && allowed.contains(origin)) {
            return true;
        }
        String site = request.header("Sec-Fetch-Site");
        if (site != null) {
            // "none": the user typed the URL.
            return site.equals("same-origin") || site.equals("none");
        }
        // Browsers without Sec-Fetch-Site send Origin with these methods.
        return origin == null || hostOf(origin).equalsIgnoreCase(request.host());
    }

    /** Without the scheme, which is not known behind a proxy that adds TLS and is not trusted. */
    private static String hostOf(String origin) {
        int slashes = origin.indexOf("//");
        return slashes < 0 ? "" : origin.substring(slashes + 2);
    }
}
