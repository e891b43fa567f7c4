package microdot;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Conditional requests (RFC 9110, section 13) and single ranges (section 14), for responses that
 * have an ETag.
 */
final class ConditionalRequests {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    private ConditionalRequests() {}

    static Response apply(Request request, Response response) {
        boolean read = request.method().equals("GET") || request.method().equals("HEAD");
        String tag = response.headers().get("ETag");
        if (!read || tag == null || response.status() != 200) {
            return response;
        }
        String modified = response.headers().get("Last-Modified");
        if (!isExpected(request, tag, modified)) {
            return failed(response);
        }
        if (isUnchanged(request, tag, modified)) {
            return response.status(304).body(new Body.Empty());
        }
        // Ranges are defined for GET only (RFC 9110, section 14.2).
        String range = request.method().equals("GET") ? request.header("Range") : null;
        return range == null || !rangeStillHolds(request, tag) ? response : slice(response, range);
    }

    /** Whether the client still wants the body: it has a part of it, and would combine the two. */
    private static boolean isExpected(Request request, String tag, @Nullable String modified) {
        List<String> wanted = tags(request, "If-Match");
        if (!wanted.isEmpty()) {
            // A weak tag may belong to different bytes.
            return wanted.contains("*") || (!tag.startsWith("W/") && wanted.contains(tag));
        }
        Instant until = HttpDate.parse(request.header("If-Unmodified-Since"));
        Instant last = HttpDate.parse(modified);
        return until == null || last == null || !last.isAfter(until);
    }

    private static Response failed(Response response) {
        response.headers().remove("Content-Type");
        return response.status(412).body(new Body.Empty());
    }

    private static List<String> tags(Request request, String field) {
        return request.headers().all(field).stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip)
                .toList();
    }

    private static boolean isUnchanged(Request request, String tag, @Nullable String modified) {
        List<String> known = tags(request, "If-None-Match");
        if (!known.isEmpty()) {
            return known.stream()
                    .anyMatch(one -> one.equals("*") || strong(one).equals(strong(tag)));
        }
        Instant since = HttpDate.parse(request.header("If-Modified-Since"));
        Instant last = HttpDate.parse(modified);
        return since != null && last != null && !last.isAfter(since);
    }

    private static String strong(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }

    // A weak tag may belong to different bytes, whose parts cannot be combined.
    private static boolean rangeStillHolds(Request request, String tag) {
        String condition = request.header("If-Range");
        return condition == null || (condition.equals(tag) && !tag.startsWith("W/"));
    }

    // For several ranges or another unit, the whole body is an allowed response (RFC 9110, section
    // 14.2).
    private static Response slice(Response response, String range) {
        Matcher parts = RANGE.matcher(range.strip());
        long size = size(response.body());
        if (!parts.matches() || size < 0 || range.strip().equals("bytes=-")) {
            return response;
        }
        boolean suffix = parts.group(1).isEmpty();
        long from =
                suffix
                        ? Math.max(0, size - Long.parseLong(parts.group(2)))
                        : Long.parseLong(parts.group(1));
        long last =
                suffix || parts.group(2).isEmpty()
                        ? size - 1
                        : Math.min(size - 1, Long.parseLong(parts.group(2)));
        if (from >= size || from > last) {
            boolean reversed = !suffix && from > last && from < size;
            return reversed ? response : unsatisfiable(response, size);
        }
        return response.status(206)
                .header("Content-Range", "bytes " + from + "-" + last + "/" + size)
                .body(part(response.body(), from, last - from + 1));
    }

    private static Response unsatisfiable(Response response, long size) {
        response.headers().remove("Content-Type");
        return response.status(416)
                .header("Content-Range", "bytes */" + size)
                .body(new Body.Empty());
    }

    private static long size(Body body) {
        return switch (body) {
            case Body.Bytes bytes -> bytes.bytes().length;
            case Body.File file -> file.length();
            case Body.Empty empty -> -1;
            case Body.Stream stream -> -1;
        };
    }

    private static Body part(Body body, long from, long length) {
        return switch (body) {
            case Body.Bytes bytes ->
                    new Body.Bytes(
                            Arrays.copyOfRange(bytes.bytes(), (int) from, (int) (from + length)));
            case Body.File file -> new Body.File(file.path(), file.offset() + from, length);
            case Body.Empty empty -> empty;
            case Body.Stream stream -> stream;
        };
    }
}
