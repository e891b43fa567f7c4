package microdot.netty;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.internal.RawPath;

/** The application of a port that only redirects to HTTPS. */
final class HttpsRedirect {
    private static final Pattern NAME = Pattern.compile("\\[[^\\]]*]|[^:]*");
    private static final int HTTPS = 443;

    private HttpsRedirect() {}

    /**
     * Returns an application that redirects every request.
     *
     * @param port the port of HTTPS
     */
    static Microdot to(int port) {
        return new Microdot().beforeRequest(request -> redirect(request, port));
    }

    /** By 308 (RFC 9110, section 15.4.9), because 301 may change the method to GET. */
    private static Response redirect(Request request, int port) {
        String host = request.host();
        Matcher name = NAME.matcher(host == null ? "" : host);
        if (!name.lookingAt() || name.group().isEmpty()) {
            throw new HttpException(400, "Host: none (expected: the name of the server)");
        }
        String query = request.rawQuery();
        String location =
                "https://"
                        + name.group()
                        + (port == HTTPS ? "" : ":" + port)
                        + RawPath.of(request)
                        + (query.isEmpty() ? "" : "?" + query);
        return Response.redirect(location, 308);
    }
}
