package microdot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.Charset;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.internal.LongPoll;
import microdot.internal.Quoted;
import microdot.internal.RawPath;
import microdot.internal.RefusedValueException;
import microdot.internal.Required;
import microdot.internal.RouteName;
import org.jspecify.annotations.Nullable;

/**
 * A request. Its body is read when a method asks for it: {@link #body}, {@link #text}, {@link
 * #json}, {@link #form}, {@link #stream} or {@link #parts}. Malformed input of a client (a broken
 * percent-encoding, a body that is not JSON) throws an {@link HttpException} with status 400. Not
 * safe for use by several threads at the same time.
 */
public final class Request {
    static {
        RouteName.register(request -> ((Request) request).route);
        RawPath.register(request -> ((Request) request).encodedPath());
        LongPoll.register((request, wake) -> ((Request) request).clientLife.waits(wake));
        RefusedValueException.register((request, test) -> ((Request) request).anyText(test));
    }

    private static final String FORM = "application/x-www-form-urlencoded";

    private final String method;
    private final RequestTarget target;
    private final Headers headers;
    private final RequestBody source;
    private final SocketAddress client;
    private final String scheme;
    private final @Nullable String host;
    private final @Nullable X509Certificate certificate;
    private final ClientLife clientLife = new ClientLife();
    private @Nullable BodyAccess access;
    private @Nullable Map<String, Object> g;
    private Map<String, String> params = Map.of();
    private @Nullable Map<String, List<String>> query;
    private @Nullable Map<String, List<String>> form;
    private @Nullable Map<String, String> cookies;
    private JsonCodec json = JsonCodec.standard();
    private Object route = RouteName.NONE;

    /**
     * Creates a request with a body in memory, for tests. Only its route may limit its body.
     *
     * @param target the target of the request line: a path with a query, or a whole URL
     * @param headers the header fields, which become read-only
     * @param scheme {@code http} or {@code https}
     * @throws HttpException with status 400 when the target is malformed, 501 when the method has
     *     more than 32 characters
     */
    public Request(
            String method,
            String target,
            Headers headers,
            byte[] body,
            SocketAddress client,
            String scheme) {
        this(
                method,
                target,
                headers,
                new BytesBody(Required.notNull(body, "body", "bytes, perhaps none")),
                client,
                scheme,
                Required.notNull(headers, "headers", "header fields").get("Host"),
                null);
    }

    /**
     * Creates a request, for transports.
     *
     * @param target the target of the request line: a path with a query, or a whole URL
     * @param headers the header fields, which become read-only
     * @param client the address of the client, which may be behind a proxy
     * @param scheme {@code http} or {@code https}, as the client used it
     * @param host the host and the port that the client asked for; null if it named none
     * @param certificate the certificate of the client, which was checked; null if it has none
     * @throws HttpException with status 400 when the target is malformed, 501 when the method has
     *     more than 32 characters
     */
    public Request(
            String method,
            String target,
            Headers headers,
            RequestBody body,
            SocketAddress client,
            String scheme,
            @Nullable String host,
            @Nullable X509Certificate certificate) {
        this.method =
                HttpMethod.ofRequest(Required.notNull(method, "method", "a name such as GET"));
        Required.notNull(target, "target", "a path, perhaps with a query");
        this.headers = Required.notNull(headers, "headers", "header fields").readOnly();
        this.source = Required.notNull(body, "body", "a body");
        this.client = Required.notNull(client, "client", "the address of the client");
        this.scheme = Required.notNull(scheme, "scheme", "http or https");
        this.target = RequestTarget.parse(method, target);
        this.host = host;
        this.certificate = certificate;
    }

    /** Returns the method as the client wrote it, such as {@code GET}. */
    public String method() {
        return method;
    }

    /** Whether the request asks about the server as a whole: {@code OPTIONS *}. */
    boolean isForServer() {
        return target.segments().isEmpty();
    }

    /** Returns the decoded path. */
    public String path() {
        return target.path();
    }

    private String encodedPath() {
        return segments().stream()
                .map(RequestTarget::encode)
                .collect(Collectors.joining("/", "/", ""));
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
        Required.notNull(name, "name", "a name in braces of the route");
        String value = params.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "param: \"" + name + "\" (expected: one of " + params.keySet() + ")");
        }
        return value;
    }

    /**
     * Returns a part of the path as a number.
     *
     * @throws HttpException with status 400 when it is none, which cannot be on a route with {@code
     *     {name:int}}
     */
    public int intParam(String name) {
        try {
            return Integer.parseInt(param(name));
        } catch (NumberFormatException e) {
            throw noNumber(name, "int");
        }
    }

    /**
     * Returns a part of the path as a number.
     *
     * @throws HttpException with status 400 when it is none, which cannot be on a route with {@code
     *     {name:long}}
     */
    public long longParam(String name) {
        try {
            return Long.parseLong(param(name));
        } catch (NumberFormatException e) {
            throw noNumber(name, "long");
        }
    }

    private HttpException noNumber(String name, String type) {
        String value = Quoted.of(param(name));
        return new HttpException(400, name + ": " + value + " (expected: a number, " + type + ")");
    }

    /** Whether the path ends before the slash that begins the rest, which the route names. */
    boolean isFolderWithoutSlash() {
        return params.containsValue("") && !path().endsWith("/");
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
        Required.notNull(otherwise, "otherwise", "a default; query(name) returns null without one");
        String value = query(name);
        return value == null ? otherwise : value;
    }

    /** Returns every value of the query parameter, in order. */
    public List<String> queries(String name) {
        Required.notNull(name, "name", "the name of a parameter");
        return query().getOrDefault(name, List.of());
    }

    private Map<String, List<String>> query() {
        Map<String, List<String>> values = query;
        if (values == null) {
            values = Query.parse(target.query());
            query = values;
        }
        return values;
    }

    /** Returns the query as the client sent it, without the question mark; empty without one. */
    public String rawQuery() {
        return target.query();
    }

    /** Returns the names of the query parameters, in order. */
    public Set<String> queryNames() {
        return query().keySet();
    }

    /**
     * Returns the host that the client asked for, with the port unless it is that of the scheme; or
     * null. It is the field {@code Host}, or what one of {@link ServerOptions#trustedProxies} says.
     */
    public @Nullable String host() {
        return host;
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
        Required.notNull(name, "name", "the name of a cookie");
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

    /**
     * Reads the whole body into memory, and returns it; empty when there is none. The array is not
     * a copy: do not change it. This and the other methods that read the body wait for the client.
     *
     * @throws HttpException with status 413 when the body is larger than {@link
     *     Microdot#maxBody(long, Handler)}, or without that {@link ServerOptions#maxBody()},
     *     allows; 408 when it comes too slowly; 400 when it is malformed or unfinished; 503 when
     *     this thread is interrupted
     * @throws IllegalStateException after {@link #stream} or {@link #parts}
     */
    public byte[] body() {
        return access().whole();
    }

    /**
     * Returns the body as a stream that reads from the client as the handler reads from it: at most
     * 64 KiB wait in memory. A read throws what {@link #body} throws. The stream ends when the
     * response begins; read a large body before you return a stream of events. Later calls return
     * the same stream; after {@link #body}, each call returns a new stream of its bytes.
     *
     * @throws HttpException with status 413 when the client declares a body that is too large; what
     *     {@link #body} threw before
     * @throws IllegalStateException after {@link #parts}; in the handler of a stream of events when
     *     the body is larger than {@link ServerOptions#maxBody()}
     */
    public InputStream stream() {
        return access().stream();
    }

    /**
     * Reads a {@code multipart/form-data} body and returns its parts: the fields and the files of a
     * form, in order. Up to 64 KiB of their content are kept in memory; a part beyond that is
     * stored in a temporary file. See {@link Part} for how long the parts are kept.
     *
     * @throws HttpException as {@link #body} does; with status 413 also when there are more than
     *     128 parts, 400 when the body ends before its last boundary, 415 when it has another
     *     content type
     * @throws java.io.UncheckedIOException when a part cannot be stored
     * @throws IllegalStateException after {@link #stream}
     */
    public List<Part> parts() {
        if (!isMultipart()) {
            throw unexpectedType("multipart/form-data");
        }
        return access().parts(String.valueOf(headers.get("Content-Type")));
    }

    /**
     * Returns the body as text, in the charset that the content type names; default UTF-8.
     *
     * @throws HttpException as {@link #body} does; with status 415 when the charset is unknown
     */
    public String text() {
        Charset charset = ContentType.charset(headers.get("Content-Type"), UTF_8);
        return new String(body(), charset);
    }

    /**
     * Returns the JSON body as a value of the type: a record, a Map, a List, a String...
     *
     * @throws HttpException as {@link #body} does; with status 400 when the body is not JSON of
     *     that type
     */
    public <T> T json(Class<T> type) {
        Required.notNull(type, "type", "a class such as Map.class");
        try {
            return json.decode(body(), type);
        } catch (IllegalArgumentException e) {
            var answer = new HttpException(400, e.getMessage());
            answer.initCause(e); // An error handler may look at it; the client does not see it.
            throw answer;
        }
    }

    /** Returns the first value of the form field, or null. */
    public @Nullable String form(String name) {
        Required.notNull(name, "name", "the name of a field");
        List<String> values = form().get(name);
        return values == null ? null : values.getFirst();
    }

    /**
     * Returns the fields of an {@code application/x-www-form-urlencoded} body. {@link #parts}
     * returns those of a {@code multipart/form-data} body.
     *
     * @throws HttpException as {@link #body} does; with status 415 when the body has another type
     */
    public Map<String, List<String>> form() {
        Map<String, List<String>> values = form;
        if (values == null) {
            if (!contentType().equals(FORM)) {
                throw unexpectedType(isMultipart() ? FORM + "; parts() reads this type" : FORM);
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

    /**
     * Returns the address of the client: that of the other end of the connection, or what one of
     * {@link ServerOptions#trustedProxies} or a {@link ServerOptions#proxyProtocol} header says; or
     * that of the last proxy that is known, if that names no address. It is a {@link
     * InetSocketAddress} for all clients of a network; its port is 0 where a proxy names none.
     */
    public SocketAddress clientAddress() {
        return client;
    }

    /**
     * Returns the IP address of {@link #clientAddress} as a text, such as {@code 203.0.113.7}, for
     * logs and limits.
     */
    public String clientIp() {
        return client instanceof InetSocketAddress inet && !inet.isUnresolved()
                ? inet.getAddress().getHostAddress()
                : client.toString();
    }

    /**
     * Returns {@code http} or {@code https}: that of the connection to this server, or what one of
     * {@link ServerOptions#trustedProxies} says.
     */
    public String scheme() {
        return scheme;
    }

    /**
     * Returns the certificate by which the client has proved who it is, if it has: see {@link
     * Tls#requireClientCertificates}. It is that of the connection: if a proxy makes the
     * connection, it is the proxy's.
     */
    public Optional<X509Certificate> clientCertificate() {
        return Optional.ofNullable(certificate);
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
        Required.notNull(action, "action", "an action");
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

    /** Whether the client sent a text that the test accepts, as far as texts were read. */
    private boolean anyText(Predicate<String> test) {
        var sent = new SentTexts().add(params.values()).add(cookies().values()).addHeaders(headers);
        Stream.of(query, form).filter(Objects::nonNull).forEach(sent::addFields);
        byte[] body = access == null ? null : access.inMemory();
        if (body != null) {
            sent.addBody(body);
        }
        return sent.anyMatch(test);
    }

    /** Sets an object whose text is the name of the route, for log entries. */
    void route(Object name) {
        this.route = name;
    }

    void jsonCodec(JsonCodec codec) {
        this.json = codec;
    }

    private BodyAccess access() {
        BodyAccess reading = access;
        if (reading == null) {
            reading = new BodyAccess(source);
            access = reading;
        }
        return reading;
    }

    /** Sets the limit of the route. */
    void maxBody(long bytes) {
        access().limit(bytes);
    }

    /**
     * Reads a body that nothing has read yet: the response is a stream, and its connection reads no
     * further once the head of the stream is sent. A body that only its route may read is too large
     * for the memory, and stays unread.
     */
    void readBeforeStream() {
        if (source.length() == 0 || !access().isUnread()) {
            return;
        }
        if (isMultipart()) {
            parts();
        } else {
            access().readBeforeStream();
        }
    }

    @Nullable Runnable release() {
        return access == null ? null : access.release();
    }

    private boolean isMultipart() {
        return contentType().equals("multipart/form-data");
    }

    private String contentType() {
        return ContentType.type(headers.get("Content-Type"));
    }

    private HttpException unexpectedType(String expected) {
        return new HttpException(
                415, "content type: " + Quoted.of(contentType()) + " (expected: " + expected + ")");
    }

    /** Returns method and path for a log entry. Line breaks are escaped. */
    @Override
    public String toString() {
        return method + " " + Quoted.bare(path());
    }
}
