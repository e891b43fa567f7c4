package microdot;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A response: status, headers, body. The methods that change it return the same response, so that
 * calls can be chained. Not safe for use by several threads at the same time. A handler may return
 * the same response to several requests: hooks get a copy.
 */
public final class Response {
    private int status; // 0 until it is set.
    private final Headers headers = new Headers();
    private Body body = new Body.Empty();
    private @Nullable Object entity;
    private boolean precompressed; // Encoded files may lie beside the file.
    private boolean indexOfFolder;
    private boolean toFolder; // A redirect, which gets the query of the request.

    /** Creates an empty response with status 200. */
    public Response() {}

    /** Creates a response with this body and status 200. */
    public Response(Body body) {
        this.body = Required.notNull(body, "body", "a body; new Body.Empty() for none");
    }

    /** Returns a response of plain text in UTF-8. */
    public static Response text(String text) {
        Required.notNull(text, "text", "a text");
        return bytes(text.getBytes(StandardCharsets.UTF_8), "text/plain; charset=UTF-8");
    }

    /** Returns a response of HTML in UTF-8. */
    public static Response html(String html) {
        Required.notNull(html, "html", "a text");
        return bytes(html.getBytes(StandardCharsets.UTF_8), "text/html; charset=UTF-8");
    }

    /** Returns a response of JSON, written by the application's codec when the handler returned. */
    public static Response json(Object value) {
        Required.notNull(value, "value", "a value to write as JSON");
        var response = new Response().header("Content-Type", "application/json");
        response.entity = value;
        return response;
    }

    /** Returns a response of these bytes. The array is not copied: do not change it afterwards. */
    public static Response bytes(byte[] bytes, String contentType) {
        Required.notNull(bytes, "bytes", "bytes, perhaps none");
        Required.notNull(contentType, "contentType", "a type such as text/plain");
        return new Response(new Body.Bytes(bytes)).header("Content-Type", contentType);
    }

    /**
     * Returns a response with this body, status and header fields. A {@link CharSequence} and a
     * {@code byte[]} are the body as they are; any other object is written as JSON.
     *
     * @throws IllegalArgumentException when the status is not from 200 to 599
     */
    public static Response of(Object body, int status, Map<String, String> headers) {
        Required.notNull(body, "body", "text, byte[], or a value to write as JSON");
        Required.notNull(headers, "headers", "names and values; Map.of() for none");
        Response response =
                switch (body) {
                    case CharSequence text -> text(text.toString());
                    case byte[] bytes -> bytes(bytes, "application/octet-stream");
                    default -> json(body);
                };
        headers.forEach(response::header);
        return response.status(status);
    }

    /**
     * Returns a response with a body of any length, which the writer writes while it is sent. Its
     * content type is {@code application/octet-stream} unless another is set. The writer runs on
     * the thread of the handler, after the head was sent. A write waits while the client does not
     * read, and throws an {@link java.io.IOException} when the client has left; the writer is also
     * interrupted then. If the writer throws, the connection is aborted, so that the client can
     * tell the body from a whole one. A Writer around the stream has its own buffer: close or flush
     * it, or its last characters are lost. For events use {@link microdot.sse.Sse#withSse}.
     */
    public static Response stream(OutputWriter writer) {
        Required.notNull(writer, "writer", "a writer");
        return new Response(new Body.Stream(new StreamedOutput(writer)))
                .header("Content-Type", "application/octet-stream");
    }

    /**
     * Returns a response whose body consists of these chunks: a {@link CharSequence}, which is sent
     * in UTF-8, or a {@code byte[]}. Each chunk is sent as soon as the iterator returns it. The
     * content type is {@code text/plain; charset=UTF-8} unless another is set. Any other chunk is
     * an {@link IllegalArgumentException}, which aborts the connection. See {@link
     * #stream(OutputWriter)}.
     */
    public static Response stream(Iterator<?> chunks) {
        Required.notNull(chunks, "chunks", "an iterator");
        return stream(out -> StreamedOutput.copy(chunks, out))
                .header("Content-Type", "text/plain; charset=UTF-8");
    }

    /** Returns a redirect to another URL with status 302. */
    public static Response redirect(String location) {
        return redirect(location, 302);
    }

    /**
     * Returns a redirect to another URL with this status.
     *
     * @throws IllegalArgumentException when the status is not 301, 302, 303, 307 or 308
     */
    public static Response redirect(String location, int status) {
        Required.notNull(location, "location", "a URL");
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            throw new IllegalArgumentException(
                    "status: " + status + " (expected: 301, 302, 303, 307 or 308)");
        }
        return new Response().status(status).header("Location", location);
    }

    /**
     * Returns a file, with a content type by its name, ETag and Last-Modified. Conditional requests
     * and requests of a single byte range are supported.
     *
     * @throws HttpException with status 404 when the file does not exist
     */
    public static Response file(Path file) {
        Required.notNull(file, "file", "a file");
        return of(StaticFiles.file(file));
    }

    /**
     * Returns a file below a folder, for a path that a client sent. No path leaves the folder,
     * whether by {@code ..}, by an absolute path or by a symbolic link. A path that ends with a
     * slash gives the {@code index.html} of that folder; without the slash it is redirected there.
     * If a file with {@code .br} or {@code .gz} at its end lies beside the file, clients that
     * accept that encoding get it.
     *
     * @throws HttpException with status 404 when the file does not exist, is outside the folder, or
     *     when it or a folder on the way is a dot file, such as {@code .env}, except {@code
     *     .well-known}
     */
    public static Response file(Path folder, String path) {
        return file(folder, path, false);
    }

    /**
     * Returns a file below a folder as {@link #file(Path, String)} does.
     *
     * @param dotFiles whether dot files are served too
     * @throws HttpException with status 404 as there
     */
    public static Response file(Path folder, String path, boolean dotFiles) {
        Required.notNull(folder, "folder", "a folder");
        Required.notNull(path, "path", "a path below the folder");
        StaticFiles.Found found = StaticFiles.below(folder, path, dotFiles);
        if (found == null) {
            return toFolder(path);
        }
        Response response = of(found);
        response.precompressed = true;
        response.indexOfFolder = path.isEmpty();
        return response;
    }

    /** Returns a redirect to the same path with a slash at its end, as yet without the query. */
    static Response toFolder(String path) {
        String last = path.substring(path.lastIndexOf('/') + 1);
        Response response = redirect(RequestTarget.encode(last) + "/", 301);
        response.toFolder = true;
        return response;
    }

    /**
     * Returns a file below a folder of the class path, for a path that a client sent. Folders are
     * treated as in {@link #file(Path, String)}.
     *
     * @param anchor a class of the module or jar that contains the folder
     * @param folder such as {@code "/static"}, from the root of the class path
     * @throws HttpException with status 404 when the file does not exist
     */
    public static Response resource(Class<?> anchor, String folder, String path) {
        Required.notNull(anchor, "anchor", "a class");
        Required.notNull(folder, "folder", "a folder such as /static");
        Required.notNull(path, "path", "a path below the folder");
        StaticFiles.Found found = StaticFiles.resource(anchor, folder, path);
        if (found == null) {
            return toFolder(path);
        }
        Response response = of(found);
        response.indexOfFolder = path.isEmpty();
        return response;
    }

    /**
     * Returns a copy with its own header fields. An application may return one response again and
     * again, also to several requests at the same time, and hooks change what they get.
     */
    Response copy() {
        var copy = new Response(body);
        copy.status = status;
        copy.headers.addAll(headers);
        copy.entity = entity;
        copy.precompressed = precompressed;
        copy.indexOfFolder = indexOfFolder;
        copy.toFolder = toFolder;
        return copy;
    }

    private static Response of(StaticFiles.Found found) {
        var response =
                new Response(found.body())
                        .header("Content-Type", found.type())
                        .header("ETag", found.tag());
        if (found.modified() != null) {
            response.header("Last-Modified", HttpDate.format(found.modified()));
        }
        // A browser that guesses could run an upload as a page.
        return response.header("Accept-Ranges", "bytes")
                .header("X-Content-Type-Options", "nosniff");
    }

    /** Returns the status; 200 unless another was set. */
    public int status() {
        return status == 0 ? 200 : status;
    }

    boolean hasStatus() {
        return status != 0;
    }

    /**
     * Sets the status.
     *
     * @throws IllegalArgumentException when the status is not from 200 to 599
     */
    public Response status(int status) {
        this.status = Status.check(status);
        return this;
    }

    /** Returns the header fields, which may be changed. */
    public Headers headers() {
        return headers;
    }

    /** Sets a header field and replaces its former values. */
    public Response header(String name, String value) {
        headers.set(name, value);
        return this;
    }

    /**
     * Sets how long a browser or a proxy may use the response without asking again, in whole
     * seconds; zero to ask each time, which costs a 304 if nothing has changed. Without it browsers
     * guess. For a file whose name changes with its content, set a year.
     *
     * @throws IllegalArgumentException when it is negative
     * @see <a href="https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1">max-age</a>
     */
    public Response cacheControl(Duration maxAge) {
        OptionChecks.zeroOrMore("maxAge", maxAge);
        return header(
                "Cache-Control",
                maxAge.toSeconds() == 0 ? "no-cache" : "max-age=" + maxAge.toSeconds());
    }

    /**
     * Adds a Set-Cookie field.
     *
     * @throws IllegalArgumentException when browsers would drop it: it is not secure although it
     *     has {@code SameSite=None} or its name begins with {@code __Host-} or {@code __Secure-},
     *     or it has a domain or a path other than {@code /} although its name begins with {@code
     *     __Host-}
     */
    public Response cookie(Cookie cookie) {
        Required.notNull(cookie, "cookie", "a cookie");
        cookie.checkKept();
        headers.add("Set-Cookie", cookie.toString());
        return this;
    }

    /**
     * Removes the cookie with this name and the path {@code /} from the browser. For another path
     * or a domain use {@link #cookie(Cookie)} with {@link Cookie#deleted}.
     */
    public Response deleteCookie(String name) {
        return cookie(Cookie.deleted(name));
    }

    /** Adds a cookie with the defaults of {@link Cookie#of}. */
    public Response cookie(String name, String value) {
        return cookie(Cookie.of(name, value));
    }

    public Body body() {
        return body;
    }

    /** Sets the body and leaves headers and status unchanged. */
    public Response body(Body body) {
        this.body = Required.notNull(body, "body", "a body; new Body.Empty() for none");
        this.entity = null;
        return this;
    }

    /**
     * Encodes the value of {@link #json}: the codec is known only once the application has routed
     * the request.
     */
    Response encode(JsonCodec codec) {
        return entity == null ? this : body(new Body.Bytes(codec.encode(entity)));
    }

    boolean mayBePrecompressed() {
        return precompressed;
    }

    /** Returns this response; a redirect to a folder keeps the query of the request. */
    Response withQuery(String query) {
        if (toFolder && !query.isEmpty()) {
            header("Location", headers.get("Location") + "?" + query);
            toFolder = false;
        }
        return this;
    }

    /** Whether it is the index of a folder that an empty path named. */
    boolean isIndexOfFolder() {
        return indexOfFolder;
    }
}
