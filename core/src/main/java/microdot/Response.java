package microdot;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An answer: status, headers, body. The methods that change it return the same response, so that
 * calls can be chained. Not safe for several threads at once.
 */
public final class Response {
    private int status = 200;
    private final Headers headers = new Headers();
    private Body body = new Body.Empty();
    private @Nullable Object entity;

    /** An empty response with status 200. */
    public Response() {}

    /** A response with this body and status 200. */
    public Response(Body body) {
        this.body = body;
    }

    /** Plain text in UTF-8. */
    public static Response text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8), "text/plain; charset=UTF-8");
    }

    /** A page in UTF-8. */
    public static Response html(String html) {
        return bytes(html.getBytes(StandardCharsets.UTF_8), "text/html; charset=UTF-8");
    }

    /** The value as JSON, by the application's codec. */
    public static Response json(Object value) {
        var response = new Response().header("Content-Type", "application/json");
        response.entity = value;
        return response;
    }

    /** Bytes of a content type. The array is not copied: do not change it after. */
    public static Response bytes(byte[] bytes, String contentType) {
        return new Response(new Body.Bytes(bytes)).header("Content-Type", contentType);
    }

    /** Sends the client to another place: 302. */
    public static Response redirect(String location) {
        return redirect(location, 302);
    }

    /**
     * Sends the client to another place with a status of choice.
     *
     * @throws IllegalArgumentException when the status is none of 301, 302, 303, 307, 308
     */
    public static Response redirect(String location, int status) {
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            throw new IllegalArgumentException(
                    "status: " + status + " (expected: 301, 302, 303, 307 or 308)");
        }
        return new Response().status(status).header("Location", location);
    }

    /**
     * A file, with its content type by name, ETag and Last-Modified; conditions and one range are
     * obeyed.
     *
     * @throws HttpException with status 404 when there is no such file
     */
    public static Response file(Path file) {
        return of(StaticFiles.file(file));
    }

    /**
     * A file below a folder, for a path that came from a client. No path leaves the folder, whether
     * by {@code ..}, by an absolute path or by a symbolic link; a folder is answered with its
     * {@code index.html}.
     *
     * @throws HttpException with status 404 when there is no such file or it lies outside
     */
    public static Response file(Path folder, String path) {
        return of(StaticFiles.below(folder, path));
    }

    /**
     * A file below a folder of the class path, for a path that came from a client.
     *
     * @param anchor a class of the module or jar that holds the folder
     * @param folder such as {@code "/static"}, from the root of the class path
     * @throws HttpException with status 404 when there is no such file
     */
    public static Response resource(Class<?> anchor, String folder, String path) {
        return of(StaticFiles.resource(anchor, folder, path));
    }

    private static Response of(StaticFiles.Found found) {
        var response =
                new Response(found.body())
                        .header("Content-Type", found.type())
                        .header("ETag", found.tag());
        if (found.modified() != null) {
            response.header("Last-Modified", HttpDate.format(found.modified()));
        }
        return response.header("Accept-Ranges", "bytes");
    }

    public int status() {
        return status;
    }

    /**
     * Changes the status.
     *
     * @throws IllegalArgumentException when it is not from 200 to 599
     */
    public Response status(int status) {
        this.status = Status.check(status);
        return this;
    }

    /** The headers, open to change. */
    public Headers headers() {
        return headers;
    }

    /** Sets a header field in place of its former values. */
    public Response header(String name, String value) {
        headers.set(name, value);
        return this;
    }

    /** Adds a Set-Cookie field. */
    public Response cookie(Cookie cookie) {
        headers.add("Set-Cookie", cookie.toString());
        return this;
    }

    /** Adds a cookie as {@link Cookie#of} makes it. */
    public Response cookie(String name, String value) {
        return cookie(Cookie.of(name, value));
    }

    public Body body() {
        return body;
    }

    /** Changes the body, headers and status staying as they are. */
    public Response body(Body body) {
        this.body = body;
        this.entity = null;
        return this;
    }

    /**
     * Turns a value given as JSON into bytes, now that the application, and with it the codec, is
     * known.
     */
    Response encode(JsonCodec codec) {
        return entity == null ? this : body(new Body.Bytes(codec.encode(entity)));
    }
}
