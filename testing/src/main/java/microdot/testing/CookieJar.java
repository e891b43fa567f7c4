package microdot.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import microdot.HttpDate;
import org.jspecify.annotations.Nullable;

/**
 * The cookies of a client (RFC 6265, section 5.3). A test has one host: Domain is ignored, and
 * Secure too, because browsers trust {@code localhost}.
 */
final class CookieJar {
    private record Kept(String name, String path, String value, Instant end) {}

    private final VirtualClock clock;
    private final List<Kept> cookies = new ArrayList<>();

    CookieJar(VirtualClock clock) {
        this.clock = clock;
    }

    /**
     * Keeps the cookies of a response.
     *
     * @param fields the values of Set-Cookie
     * @param path of the request
     */
    synchronized void keep(List<String> fields, String path) {
        for (String field : fields) {
            Kept cookie = parse(field, path);
            cookies.removeIf(
                    old -> old.name().equals(cookie.name()) && old.path().equals(cookie.path()));
            if (cookie.end().isAfter(clock.now())) {
                cookies.add(cookie);
            }
        }
        // The most specific path first (RFC 6265, section 5.4).
        cookies.sort(Comparator.comparingInt(cookie -> -cookie.path().length()));
    }

    /** Returns the value of the most specific cookie of this name, or null. */
    synchronized @Nullable String get(String name) {
        return live().stream()
                .filter(cookie -> cookie.name().equals(name))
                .map(Kept::value)
                .findFirst()
                .orElse(null);
    }

    /** Returns the cookies for a request as {@code name=value}, except those of these names. */
    synchronized List<String> pairs(String path, Set<String> except) {
        return live().stream()
                .filter(cookie -> !except.contains(cookie.name()) && covers(cookie.path(), path))
                .map(cookie -> cookie.name() + "=" + cookie.value())
                .toList();
    }

    synchronized void clear() {
        cookies.clear();
    }

    private List<Kept> live() {
        cookies.removeIf(cookie -> !cookie.end().isAfter(clock.now()));
        return cookies;
    }

    private static boolean covers(String cookie, String request) {
        return request.equals(cookie)
                || request.startsWith(cookie.endsWith("/") ? cookie : cookie + "/");
    }

    private Kept parse(String field, String requestPath) {
        String[] parts = field.split(";", -1);
        int equals = Math.max(parts[0].indexOf('='), 0);
        String path = requestPath.substring(0, Math.max(1, requestPath.lastIndexOf('/')));
        Instant expires = Instant.MAX;
        Instant maxAge = null;
        for (String part : List.of(parts).subList(1, parts.length)) {
            String[] attribute = part.strip().split("=", 2);
            String value = attribute.length == 2 ? attribute[1] : "";
            switch (attribute[0].toLowerCase(Locale.ROOT)) {
                case "path" -> path = value.startsWith("/") ? value : path;
                case "expires" -> expires = date(value);
                case "max-age" ->
                        maxAge =
                                value.strip().matches("-?\\d{1,9}")
                                        ? clock.now()
                                                .plus(
                                                        Duration.ofSeconds(
                                                                Long.parseLong(value.strip())))
                                        : maxAge; // As browsers ignore what is no number.
                default -> {}
            }
        }
        return new Kept(
                parts[0].substring(0, equals).strip(),
                path,
                parts[0].substring(equals + 1).strip(),
                maxAge == null ? expires : maxAge); // Max-Age precedes Expires.
    }

    private static Instant date(String value) {
        Instant date = HttpDate.parse(value);
        return date == null ? Instant.MAX : date; // As browsers do.
    }
}
