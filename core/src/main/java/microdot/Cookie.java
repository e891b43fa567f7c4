package microdot;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cookie to set (RFC 6265). Begin with {@link #of}: the whole site, until the browser closes, not
 * readable by scripts, {@code SameSite=Lax}; then change what must differ.
 *
 * @param maxAge how long the browser keeps it; null until it closes; zero removes it
 * @param sameSite {@code Strict}, {@code Lax} or {@code None}
 */
public record Cookie(
        String name,
        String value,
        String path,
        @Nullable Duration maxAge,
        boolean httpOnly,
        boolean secure,
        String sameSite) {

    /**
     * Checks what goes into the header.
     *
     * @throws IllegalArgumentException when the name or the value holds what a cookie cannot
     */
    public Cookie {
        check("cookie name", name, "=");
        check("cookie value", value, "\"\\");
        check("cookie path", path, "");
        if (name.isEmpty() || !List.of("Strict", "Lax", "None").contains(sameSite)) {
            throw new IllegalArgumentException(
                    "cookie: name \""
                            + name
                            + "\", sameSite \""
                            + sameSite
                            + "\" (expected: a name, and Strict, Lax or None)");
        }
    }

    public static Cookie of(String name, String value) {
        return new Cookie(name, value, "/", null, true, false, "Lax");
    }

    public Cookie path(String path) {
        return new Cookie(name, value, path, maxAge, httpOnly, secure, sameSite);
    }

    public Cookie maxAge(@Nullable Duration maxAge) {
        return new Cookie(name, value, path, maxAge, httpOnly, secure, sameSite);
    }

    public Cookie httpOnly(boolean httpOnly) {
        return new Cookie(name, value, path, maxAge, httpOnly, secure, sameSite);
    }

    public Cookie secure(boolean secure) {
        return new Cookie(name, value, path, maxAge, httpOnly, secure, sameSite);
    }

    public Cookie sameSite(String sameSite) {
        return new Cookie(name, value, path, maxAge, httpOnly, secure, sameSite);
    }

    /** The value of its Set-Cookie field. */
    @Override
    public String toString() {
        var text = new StringBuilder(name).append('=').append(value).append("; Path=").append(path);
        if (maxAge != null) {
            text.append("; Max-Age=").append(maxAge.toSeconds());
        }
        text.append(httpOnly ? "; HttpOnly" : "").append(secure ? "; Secure" : "");
        return text.append("; SameSite=").append(sameSite).toString();
    }

    static Map<String, String> parse(List<String> fields) {
        var cookies = new HashMap<String, String>();
        for (String field : fields) {
            for (String pair : field.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && !pair.substring(0, equals).isBlank()) {
                    // The first wins: browsers send the most specific path first (RFC 6265, section
                    // 5.4).
                    cookies.putIfAbsent(
                            pair.substring(0, equals).strip(), pair.substring(equals + 1).strip());
                }
            }
        }
        return Map.copyOf(cookies);
    }

    private static void check(String what, String text, String more) {
        if (text.chars()
                .anyMatch(
                        c ->
                                c <= ' '
                                        || c >= 127
                                        || c == ';'
                                        || c == ','
                                        || more.indexOf(c) >= 0)) {
            throw new IllegalArgumentException(
                    what
                            + ": "
                            + Quoted.of(text)
                            + " (expected: ASCII without spaces, controls, ; , "
                            + more
                            + ")");
        }
    }
}
