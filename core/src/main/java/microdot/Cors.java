package microdot;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * The pages of other origins that may read the responses of an application: {@code app.cors(new
 * Cors().origins("https://app.example"))}. The default allows none. The rules hold for every
 * response below the application's prefix: errors, 404, OPTIONS, streams, and rejections while the
 * server drains. Immutable: each method with an argument returns a changed copy.
 *
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">The protocol</a>
 */
public final class Cors {
    private static final String ANY = "*";

    private List<String> origins = List.of();
    private @Nullable Predicate<String> allowed;
    private boolean credentials;
    private List<String> headers = List.of();
    private List<String> exposed = List.of();
    private Duration maxAge = Duration.ofHours(1);

    /** Allows no origin yet. */
    public Cors() {}

    private Cors with(Consumer<Cors> change) {
        var copy = new Cors();
        copy.origins = origins;
        copy.allowed = allowed;
        copy.credentials = credentials;
        copy.headers = headers;
        copy.exposed = exposed;
        copy.maxAge = maxAge;
        change.accept(copy);
        return copy;
    }

    /**
     * Allows these origins: {@code https://app.example}, {@code http://localhost:3000}; {@code
     * https://*.example.com} for all subdomains; {@code null} for pages without an origin, such as
     * a local file; or {@code *} for all. Replaces those set before.
     *
     * @throws IllegalArgumentException when one is not written as browsers send it: a scheme, a
     *     host, a port unless it is that of the scheme, and no path; or when {@code *} is used with
     *     {@link #credentials}
     */
    public Cors origins(String... origins) {
        checkNoNull("origins", origins);
        for (String origin : origins) {
            if (!isOrigin(origin)) {
                throw new IllegalArgumentException(
                        "origins: "
                                + Quoted.of(origin)
                                + " (expected: a scheme, a host and perhaps a port, in lower case"
                                + " and without a path, such as https://app.example)");
            }
        }
        return checked(with(copy -> copy.origins = List.of(origins)));
    }

    static void checkNoNull(String what, String... values) {
        for (String value : Required.notNull(values, what, "texts")) {
            Required.notNull(value, what, "a text");
        }
    }

    static boolean isOrigin(String text) {
        return text.equals(ANY)
                || text.equals("null")
                || text.matches("[a-z][a-z0-9+.-]*://(\\*\\.)?[^/*?#@\\sA-Z]+");
    }

    /**
     * Allows the origins that the function accepts, beside those of {@link #origins(String...)}. It
     * gets the origin as the browser sent it, and runs for each request, on the thread of its
     * handler.
     */
    public Cors origins(Predicate<String> allowed) {
        Required.notNull(allowed, "allowed", "a function");
        return with(copy -> copy.allowed = allowed);
    }

    /**
     * Allows requests with cookies and HTTP authentication; default false. A page asks for it by
     * {@code new EventSource(url, {withCredentials: true})} or {@code fetch(url, {credentials:
     * 'include'})}.
     *
     * @throws IllegalArgumentException when the origins contain {@code *}: browsers refuse both
     *     together
     */
    public Cors credentials(boolean allowed) {
        return checked(with(copy -> copy.credentials = allowed));
    }

    private static Cors checked(Cors cors) {
        if (cors.credentials && cors.origins.contains(ANY)) {
            throw new IllegalArgumentException(
                    "origins: * with credentials (expected: the origins by name)");
        }
        return cors;
    }

    /** Allows only these header fields in requests; default every field that a page asks for. */
    public Cors headers(String... names) {
        checkNoNull("headers", names);
        return with(copy -> copy.headers = List.of(names));
    }

    /**
     * Lets pages read these header fields of responses; default only those that browsers always
     * show, such as {@code Content-Type}.
     */
    public Cors exposed(String... names) {
        checkNoNull("exposed", names);
        return with(copy -> copy.exposed = List.of(names));
    }

    /**
     * Sets how long a browser may remember the answer to a preflight; default 1 hour. Browsers have
     * their own limits, such as 2 hours.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public Cors maxAge(Duration time) {
        OptionChecks.zeroOrMore("maxAge", time);
        return with(copy -> copy.maxAge = time);
    }

    /** Whether code of the application decides, which may block. */
    boolean runsUserCode() {
        return allowed != null;
    }

    /** Whether a browser asks if it may send a request of a page. */
    static boolean isPreflight(Request request) {
        return request.method().equals("OPTIONS")
                && request.header("Origin") != null
                && request.header("Access-Control-Request-Method") != null;
    }

    /**
     * Answers a preflight.
     *
     * @param methods that the path accepts; empty when it has no route: the page then learns the
     *     404 from its request
     */
    Response preflight(Request request, Set<String> methods) {
        String origin = String.valueOf(request.header("Origin"));
        if (!allows(origin)) {
            return Response.text("origin: " + Quoted.of(origin) + " is not allowed (cors)")
                    .status(403);
        }
        String method = String.valueOf(request.header("Access-Control-Request-Method"));
        var allowedMethods = new TreeSet<>(methods.isEmpty() ? Set.of(method) : methods);
        var response =
                new Response()
                        .status(204)
                        .header("Access-Control-Allow-Methods", String.join(", ", allowedMethods))
                        .header("Access-Control-Max-Age", Long.toString(maxAge.toSeconds()));
        String wanted = request.header("Access-Control-Request-Headers");
        String fields = headers.isEmpty() ? wanted : String.join(", ", headers);
        if (fields != null) {
            response.header("Access-Control-Allow-Headers", fields);
        }
        response.headers().add("Vary", "Access-Control-Request-Headers");
        return response;
    }

    /** Adds the fields that let the page read the response. */
    void apply(Request request, Response response) {
        Headers fields = response.headers();
        boolean any = origins.contains(ANY) && allowed == null;
        if (!any && !variesByOrigin(fields)) {
            fields.add("Vary", "Origin"); // Also without an Origin: a cache keeps that response.
        }
        String origin = request.header("Origin");
        if (origin == null || !allows(origin)) {
            return;
        }
        fields.set("Access-Control-Allow-Origin", any ? ANY : origin);
        if (credentials) {
            fields.set("Access-Control-Allow-Credentials", "true");
        }
        if (!exposed.isEmpty()) {
            fields.set("Access-Control-Expose-Headers", String.join(", ", exposed));
        }
    }

    private static boolean variesByOrigin(Headers fields) {
        return fields.all("Vary").stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip)
                .anyMatch(name -> name.equals(ANY) || name.equalsIgnoreCase("Origin"));
    }

    private boolean allows(String origin) {
        for (String known : origins) {
            if (known.equals(ANY) || known.equals(origin) || isSubdomain(known, origin)) {
                return true;
            }
        }
        Predicate<String> test = allowed;
        return test != null && test.test(origin);
    }

    private static boolean isSubdomain(String known, String origin) {
        int star = known.indexOf("//*.");
        if (star < 0) {
            return false;
        }
        String scheme = known.substring(0, star + 2);
        String domain = known.substring(star + 3);
        return origin.length() > scheme.length() + domain.length()
                && origin.startsWith(scheme)
                && origin.endsWith(domain)
                && !origin.substring(scheme.length()).contains("/");
    }

    @Override
    public String toString() {
        return origins.stream().collect(Collectors.joining(", ", "Cors[", "]"));
    }
}
