package microdot;

import java.net.InetSocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request, whole: its body has been read. What a client sent wrongly (a broken percent-encoding,
 * a body that is not JSON) is an {@link HttpException} with status 400. Not safe for several
 * threads at once.
 */
public final class Request {
    private final String method;
    private final RequestTarget target;
    private final Headers headers;
    private final byte[] body;
    private final InetSocketAddress client;
    private final String scheme;
    private @Nullable Map<String, Object> g;
    private Map<String, String> params = Map.of();
    private @Nullable Map<String, List<String>> query;
    private @Nullable Map<String, List<String>> form;
    private @Nullable Map<String, String> cookies;
    private @Nullable Microdot app;

    /**
     * As a transport builds it.
     *
     * @param target as it stands in the request line: a path with a query, or a whole URL
     * @param headers become read-only
     * @param scheme {@code http} or {@code https}
     * @throws HttpException with status 400 when the target is malformed
     */
    public Request(
            String method,
            String target,
            Headers headers,
            byte[] body,
            InetSocketAddress client,
            String scheme) {
        this.method = method;
        this.target = RequestTarget.parse(target);
        this.headers = headers.readOnly();
        this.body = body;
        this.client = client;
        this.scheme = scheme;
    }

    /** The method, in capitals as the client wrote it. */
    public String method() {
        return method;
    }

    /** The path, decoded. */
    public String path() {
        return target.path();
    }

    /** The decoded path as the router sees it: an encoded slash does not part two segments. */
    List<String> segments() {
        return target.segments();
    }

    /**
     * A part of the path that the route names, decoded.
     *
     * @throws IllegalArgumentException when the route has no such name: that is a mistake of the
     *     program
     */
    public String param(String name) {
        String value = params.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "param: \"" + name + "\" (expected: one of " + params.keySet() + ")");
        }
        return value;
    }

    /** A part of the path as a number, for routes with {@code {name:int}}. */
    public int intParam(String name) {
        return Integer.parseInt(param(name));
    }

    void params(Map<String, String> params) {
        this.params = params;
    }

    /** The first value of the query parameter, or null. */
    public @Nullable String query(String name) {
        List<String> values = queries(name);
        return values.isEmpty() ? null : values.getFirst();
    }

    /** The first value of the query parameter, or the default. */
    public String query(String name, String otherwise) {
        String value = query(name);
        return value == null ? otherwise : value;
    }

    /** Every value of the query parameter, in order. */
    public List<String> queries(String name) {
        Map<String, List<String>> values = query;
        if (values == null) {
            values = Query.parse(target.query());
            query = values;
        }
        return values.getOrDefault(name, List.of());
    }

    /** The first value of the header field, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** All header fields, read-only. */
    public Headers headers() {
        return headers;
    }

    /** The cookie's value, or null. */
    public @Nullable String cookie(String name) {
        return cookies().get(name);
    }

    /** All cookies by name. */
    public Map<String, String> cookies() {
        Map<String, String> values = cookies;
        if (values == null) {
            values = Cookie.parse(headers.all("Cookie"));
            cookies = values;
        }
        return values;
    }

    /** The body, empty when there is none. The array is the request's own: do not change it. */
    public byte[] body() {
        return body;
    }

    /**
     * The body as text, by the charset that the content type names; UTF-8 when it names none.
     *
     * @throws HttpException with status 415 when the charset is unknown
     */
    public String text() {
        return new String(body, charset());
    }

    /**
     * The JSON body as a value: a record, a Map, a List, a String...
     *
     * @throws HttpException with status 400 when the body is not JSON of that type
     */
    public <T> T json(Class<T> type) {
        try {
            return app().jsonCodec().decode(body, type);
        } catch (IllegalArgumentException e) {
            throw new HttpException(400, String.valueOf(e.getMessage()));
        }
    }

    /** The first value of the form field, or null. */
    public @Nullable String form(String name) {
        List<String> values = form().get(name);
        return values == null ? null : values.getFirst();
    }

    /**
     * The fields of an {@code application/x-www-form-urlencoded} body.
     *
     * @throws HttpException with status 415 when the body is of another type
     */
    public Map<String, List<String>> form() {
        Map<String, List<String>> values = form;
        if (values == null) {
            String type = contentType();
            if (!type.equals("application/x-www-form-urlencoded")) {
                throw new HttpException(
                        415,
                        "content type: "
                                + Quoted.of(type)
                                + " (expected: application/x-www-form-urlencoded)");
            }
            values = Query.parse(text());
            form = values;
        }
        return values;
    }

    /** A place for what belongs to this request: hooks put it, handlers take it. */
    public Map<String, Object> g() {
        Map<String, Object> place = g;
        if (place == null) {
            place = new HashMap<>();
            g = place;
        }
        return place;
    }

    /** The address of the connection's other end. Behind a proxy that is the proxy. */
    public InetSocketAddress clientAddress() {
        return client;
    }

    /** {@code http} or {@code https}: how the request came to this server. */
    public String scheme() {
        return scheme;
    }

    /**
     * The application that handles the request.
     *
     * @throws IllegalStateException before one does
     */
    public Microdot app() {
        if (app == null) {
            throw new IllegalStateException("no application handles this request yet");
        }
        return app;
    }

    void app(Microdot app) {
        this.app = app;
    }

    private String contentType() {
        String type = headers.get("Content-Type");
        return type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    private Charset charset() {
        String type = headers.get("Content-Type");
        int at = type == null ? -1 : type.toLowerCase(Locale.ROOT).indexOf("charset=");
        if (type == null || at < 0) {
            return StandardCharsets.UTF_8;
        }
        String name = type.substring(at + 8).split(";", 2)[0].replace("\"", "").strip();
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new HttpException(
                    415,
                    "charset: " + Quoted.of(name) + " (expected: one that is known, as UTF-8)");
        }
    }

    /** Method and path, for a line of a log: what would begin another line is escaped. */
    @Override
    public String toString() {
        return method + " " + Quoted.bare(path());
    }
}
