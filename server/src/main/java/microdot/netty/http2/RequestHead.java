package microdot.netty.http2;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.Headers;
import microdot.HttpException;
import microdot.ServerOptions;
import microdot.internal.Quoted;
import microdot.netty.exchange.RequestChecks;
import microdot.netty.proxy.HostField;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request, as HTTP/1.1 has it: RFC 9113, section 8.3.1. Netty's decoder has refused
 * names in upper case, fields of the connection, unknown pseudo-header fields and lengths that the
 * body does not have.
 *
 * @param fault why the request is refused; null if it is not
 */
record RequestHead(String method, String target, Headers headers, @Nullable HttpException fault) {
    // As browsers and proxies write them: all requests share one String for each.
    private static final Map<AsciiString, String> COMMON =
            Stream.of(
                            "accept",
                            "accept-encoding",
                            "accept-language",
                            "cache-control",
                            "content-length",
                            "content-type",
                            "last-event-id",
                            "origin",
                            "pragma",
                            "priority",
                            "referer",
                            "sec-fetch-dest",
                            "sec-fetch-mode",
                            "sec-fetch-site",
                            "user-agent",
                            "x-forwarded-for",
                            "x-forwarded-proto")
                    .collect(Collectors.toUnmodifiableMap(AsciiString::cached, name -> name));

    private static final int FIELD_COST = 32;
    private static final String HOST = "host";
    private static final String COOKIE = "cookie";
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    /**
     * Reads a head.
     *
     * @throws HttpException if it cannot be given to an application
     */
    static RequestHead of(Http2Headers fields, ServerOptions options) {
        String method = text(fields.method());
        if (!TOKEN.matcher(method).matches()) {
            throw new HttpException(400, ":method: " + Quoted.of(method) + " (expected: a token)");
        }
        String target = text(fields.path());
        if (!isTarget(target)) {
            throw new HttpException(
                    400,
                    ":path: " + Quoted.of(target) + " (expected: ASCII that begins with a slash)");
        }
        var headers = new Headers();
        HttpException fault = null;
        try {
            addHost(headers, fields);
            addFields(headers, fields, options.maxFields());
            checkScheme(text(fields.scheme()));
            RequestChecks.expectation(headers.get("expect"));
        } catch (HttpException e) {
            fault = e;
        } catch (IllegalArgumentException e) {
            fault = new HttpException(400, String.valueOf(e.getMessage()));
        }
        if (size(fields) > options.maxHead()) {
            fault = tooLong(options.maxHead());
        }
        return new RequestHead(method, target, headers, fault);
    }

    /** Returns the size of all fields: RFC 9113, section 6.5.2. */
    private static long size(Http2Headers fields) {
        long size = 0;
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            size += FIELD_COST + field.getKey().length() + field.getValue().length();
        }
        return size;
    }

    private static HttpException tooLong(int maxHead) {
        return new HttpException(
                431,
                "header fields of more than "
                        + maxHead
                        + " bytes, with "
                        + FIELD_COST
                        + " for each field (maxHead)");
    }

    private static String text(@Nullable CharSequence value) {
        return value == null ? "" : value.toString();
    }

    private static boolean isTarget(String text) {
        return (text.startsWith("/") || text.equals("*")) && RequestChecks.isTarget(text);
    }

    /** A request that names its host in two ways must name the same one. */
    private static void addHost(Headers headers, Http2Headers fields) {
        CharSequence authority = fields.authority();
        String host = authority == null ? null : authority.toString();
        int count = 0;
        for (CharSequence field : fields.getAll(HOST)) {
            String named = field.toString();
            if (++count > 1 || (host != null && !host.equalsIgnoreCase(named))) {
                throw new HttpException(
                        400, "host: " + Quoted.of(named) + " (expected: one, as in :authority)");
            }
            host = named;
        }
        if (host == null) {
            throw new HttpException(400, ":authority: none (expected: one)");
        }
        if (!HostField.isValid(host)) {
            throw new HttpException(
                    400,
                    ":authority: "
                            + Quoted.of(host)
                            + " (expected: a name or an address, perhaps with a port)");
        }
        headers.add(HOST, host);
    }

    /** The parts of the field {@code cookie} are one field: RFC 9113, section 8.2.3. */
    private static void addFields(Headers headers, Http2Headers fields, int maxFields) {
        int count = 0;
        StringJoiner cookie = null;
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            CharSequence given = field.getKey();
            String value = value(given, field.getValue().toString());
            if (AsciiString.contentEquals(given, COOKIE)) {
                cookie = cookie == null ? new StringJoiner("; ") : cookie;
                cookie.add(value);
            } else if (given.charAt(0) != ':' && !AsciiString.contentEquals(given, HOST)) {
                String common = COMMON.get(AsciiString.of(given));
                headers.add(common == null ? given.toString() : common, value);
                count++;
            }
        }
        if (cookie != null) {
            headers.add(COOKIE, cookie.toString());
            count++;
        }
        if (count + 1 > maxFields) { // With the host.
            throw new HttpException(431, "more than " + maxFields + " header fields (maxFields)");
        }
    }

    /** RFC 9113, section 8.2.1: what HTTP/1.1 would strip could mean something else there. */
    private static String value(CharSequence name, String value) {
        if (!value.isEmpty()
                && (isSpace(value.charAt(0)) || isSpace(value.charAt(value.length() - 1)))) {
            throw new HttpException(400, name + ": a value with white space at an end");
        }
        return value;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private static void checkScheme(String scheme) {
        if (!scheme.equalsIgnoreCase("http") && !scheme.equalsIgnoreCase("https")) {
            throw new HttpException(
                    400, ":scheme: " + Quoted.of(scheme) + " (expected: http or https)");
        }
    }

    /** Returns the host that the request names; null if it names none that is valid. */
    @Nullable String host() {
        return headers.get(HOST);
    }

    /** Returns the length of the body that the client declares; -1 if it does not. */
    long length() {
        String length = headers.get("content-length");
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1; // The decoder has refused what is no number.
        }
    }

    /** Returns whether the client waits for 100 before it sends the body. */
    boolean isContinueExpected() {
        return headers.get("expect") != null;
    }
}
