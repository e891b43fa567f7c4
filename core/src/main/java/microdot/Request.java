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
 * A request whose body has been read completely. Malformed input of a client (a broken
 * percent-encoding, a body that is not JSON) throws an {@link HttpException} with status 400. Not
 * safe for use by several threads at the same time.
 */
public final class Request {
    private final String method;
    private final RequestTarget target;
    private final Headers headers;
    private final byte[] body;
    private final InetSocketAddress client;
    private final String scheme;
    private final ClientLife clientLife = new ClientLife();
    private @Nullable Map<String, Object> g;
    private Map<String, String> params = Map.of();
    private @Nullable Map<String, List<String>> query;
    private @Nullable Map<String, List<String>> form;
    private @Nullable Map<String, String> cookies;
    private JsonCodec json = JsonCodec.standard();

    /**
     * Creates a request, for transports and tests.
     *
     * @param target the target of the request line: a path with a query, or a whole URL
     * @param headers the header fields, which become read-only
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

    /** Returns the method as the client wrote it, such as {@code GET}. */
    public String method() {
        return method;
    }

    /** Returns the decoded path. */
    public String path() {
        return target.path();
    }

    /** The decoded path for the router: an encoded slash does not separate two segments. */
    List<String> segments() {
        return target.segments();
    }

    /**
     * Returns the decoded part of the path that the route names.
     *
     * @throws IllegalArgumentException when the route has no such name, which is a bug of the
     *     application
     */
    public String param(String name) {
        String value = params.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "param: \"" + name + "\" (expected: one of " + params.keySet() + ")");
        }
        return value;
    }

    /** Returns a part of the path as a number, for routes with {@code {name:int}}. */
    public int intParam(String name) {
        return Integer.parseInt(param(name));
    }

    void params(Map<String, String> params) {
        this.params = params;
    }

    /** Returns the first value of the query parameter, or null. */
    public @Nullable String query(String name) {
        List<String> values = queries(name);
        return values.isEmpty() ? null : values.getFirst();
    }

    /** Returns the first value of the query parameter, or the given default. */
    public String query(String name, String otherwise) {
        String value = query(name);
        return value == null ? otherwise : value;
    }

    /** Returns every value of the query parameter, in order. */
    public List<String> queries(String name) {
        Map<String, List<String>> values = query;
        if (values == null) {
            values = Query.parse(target.query());
            query = values;
        }
        return values.getOrDefault(name, List.of());
    }

    /** Returns the first value of the header field, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Returns all header fields, read-only. */
    public Headers headers() {
        return headers;
    }

    /** Returns the value of the cookie, or null. */
    public @Nullable String cookie(String name) {
        return cookies().get(name);
    }

    /** Returns all cookies by name. */
    public Map<String, String> cookies() {
        Map<String, String> values = cookies;
        if (values == null) {
            values = Cookie.parse(headers.all("Cookie"));
            cookies = values;
        }
        return values;
    }

    /** Returns the body, empty when there is none. The array is not a copy: do not change it. */
    public byte[] body() {
        return body;
    }

    /**
     * Returns the body as text, in the charset that the content type names; default UTF-8.
     *
     * @throws HttpException with status 415 when the charset is unknown
     */
    public String text() {
        return new String(body, charset());
    }

    /**
     * Returns the JSON body as a value of the type: a record, a Map, a List, a String...
     *
     * @throws HttpException with status 400 when the body is not JSON of that type
     */
    public <T> T json(Class<T> type) {
        try {
            return json.decode(body, type);
        } catch (IllegalArgumentException e) {
            throw new HttpException(400, String.valueOf(e.getMessage()));
        }
    }

    /** Returns the first value of the form field, or null. */
    public @Nullable String form(String name) {
        List<String> values = form().get(name);
        return values == null ? null : values.getFirst();
    }

    /**
     * Returns the fields of an {@code application/x-www-form-urlencoded} body.
     *
     * @throws HttpException with status 415 when the body has another type
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

    /** Returns a map for values of this request, which hooks put and handlers get. */
    public Map<String, Object> g() {
        Map<String, Object> values = g;
        if (values == null) {
            values = new HashMap<>();
            g = values;
        }
        return values;
    }

    /** Returns the address of the peer of the connection: behind a proxy, that of the proxy. */
    public InetSocketAddress clientAddress() {
        return client;
    }

    /** Returns {@code http} or {@code https}, the scheme of the connection to this server. */
    public String scheme() {
        return scheme;
    }

    /**
     * Returns false once the client has left: its connection was reset or is closed. For a stream
     * it is false once the stream has ended. May be called from any thread.
     *
     * <p>A client that only closed its sending side counts as open, because it may still wait for
     * the response. If it closed its socket, which looks the same, the server learns it when the
     * client's system resets the connection: on Linux with epoll about a minute later.
     */
    public boolean isOpen() {
        return clientLife.isOpen();
    }

    /**
     * Runs the action once, on its own virtual thread, when the client leaves before its response
     * is ready, as {@link #isOpen} says; at once if it has left already; never if the response was
     * ready first. For a stream it runs at the stream's end. What the action throws is logged. May
     * be called from any thread.
     *
     * <p>Use it to stop what the handler waits for: {@code request.onClose(process::destroy)}.
     */
    public void onClose(Runnable action) {
        clientLife.onClose(action);
    }

    ClientLife clientLife() {
        return clientLife;
    }

    /**
     * Returns the codec that reads and writes the JSON of this request: that of the application
     * that routed it, and before that {@link JsonCodec#standard()}.
     */
    public JsonCodec jsonCodec() {
        return json;
    }

    void jsonCodec(JsonCodec codec) {
        this.json = codec;
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
                    "charset: "
                            + Quoted.of(name)
                            + " (expected: a supported charset, such as UTF-8)");
        }
    }

    /** Returns method and path for a log entry. Line breaks are escaped. */
    @Override
    public String toString() {
        return method + " " + Quoted.bare(path());
    }
}
