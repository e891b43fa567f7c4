package microdot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import microdot.internal.Quoted;

/**
 * A parsed request target (RFC 9112, section 3.2): the decoded path segments and the raw query. The
 * target {@code *} is not a path and has no segments.
 */
record RequestTarget(List<String> segments, String query) {

    static RequestTarget parse(String method, String target) {
        String origin = withoutAuthority(target);
        int question = origin.indexOf('?');
        String path = question < 0 ? origin : origin.substring(0, question);
        String query = question < 0 ? "" : origin.substring(question + 1);
        if (path.equals("*") && method.equals("OPTIONS")) {
            return new RequestTarget(List.of(), query);
        }
        if (!path.startsWith("/")) {
            throw new HttpException(
                    400, "target: " + Quoted.of(target) + " (expected: a path that starts with /)");
        }
        return new RequestTarget(segments(path), query);
    }

    /** The decoded path. Not for routing: a decoded segment may contain a slash. */
    String path() {
        return segments.isEmpty() ? "*" : "/" + String.join("/", segments);
    }

    private static String withoutAuthority(String target) {
        if (!target.regionMatches(true, 0, "http://", 0, 7)
                && !target.regionMatches(true, 0, "https://", 0, 8)) {
            return target;
        }
        int end = target.indexOf("//") + 2;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        if (end == target.indexOf("//") + 2) {
            throw new HttpException(
                    400, "target: " + Quoted.of(target) + " (expected: a host after //)");
        }
        String origin = target.substring(end);
        return origin.startsWith("/") ? origin : "/" + origin; // RFC 9110, section 4.2.3
    }

    // Split before decoding: an encoded slash belongs to its segment (RFC 3986, section 2.2).
    static List<String> segments(String path) {
        String[] segments = path.substring(1).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            segments[i] = decode(segments[i]);
        }
        return List.of(segments);
    }

    /** Encodes one segment of a path. */
    static String encode(String segment) {
        return URLEncoder.encode(segment, UTF_8).replace("+", "%20");
    }

    private static String decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        try {
            // In a path a plus is a plus, unlike in a form. Latin-1 keeps each byte.
            String bytes = URLDecoder.decode(segment.replace("+", "%2B"), ISO_8859_1);
            String decoded =
                    UTF_8.newDecoder()
                            .decode(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1)))
                            .toString();
            if (decoded.indexOf('\0') >= 0) {
                throw new HttpException(400, "path: " + Quoted.of(segment) + " (expected: no NUL)");
            }
            return decoded;
        } catch (CharacterCodingException e) {
            throw new HttpException(400, "path: " + Quoted.of(segment) + " (expected: UTF-8)");
        } catch (IllegalArgumentException e) {
            throw new HttpException(
                    400, "path: " + Quoted.of(segment) + " (expected: % and two hex digits)");
        }
    }
}
