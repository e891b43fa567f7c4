package microdot;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A cookie to set (RFC 6265). Start with {@link #of}, whose cookie applies to the whole site, lasts
 * until the browser closes, cannot be read by scripts, and has {@code SameSite=Lax}; then change
 * what must differ.
 *
 * @param domain a domain whose subdomains get the cookie too; null for this host only
 * @param maxAge how long the browser keeps the cookie; null for until the browser closes; zero
 *     removes the cookie
 * @param expires when the browser removes the cookie, if it does not support {@code Max-Age}; null
 *     for no such time
 * @param sameSite {@code Strict}, {@code Lax} or {@code None}
 */
public record Cookie(
        String name,
        String value,
        String path,
        @Nullable String domain,
        @Nullable Duration maxAge,
        @Nullable Instant expires,
        boolean httpOnly,
        boolean secure,
        String sameSite) {
    private static final String HOST_PREFIX = "__Host-";
    private static final String SECURE_PREFIX = "__Secure-";

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when a value contains a character that is not allowed in a
     *     cookie, when the name is empty, or when {@code sameSite} is unknown
     */
    public Cookie {
        Required.notNull(sameSite, "sameSite", "Strict, Lax or None");
        check("cookie name", name, "=");
        check("cookie value", value, "\"\\");
        check("cookie path", path, "");
        check("cookie domain", domain == null ? "" : domain, "");
        if (name.isEmpty() || !List.of("Strict", "Lax", "None").contains(sameSite)) {
            throw new IllegalArgumentException(
                    "cookie: name "
                            + Quoted.of(name)
                            + ", sameSite "
                            + Quoted.of(sameSite)
                            + " (expected: a name, and Strict, Lax or None)");
        }
    }

    public static Cookie of(String name, String value) {
        return new Cookie(name, value, "/", null, null, null, true, false, "Lax");
    }

    /**
     * Returns a cookie that removes the browser's cookie of this name. Path and domain must be
     * those with which it was set. It is secure if the name begins with {@code __Host-} or {@code
     * __Secure-}.
     */
    public static Cookie deleted(String name) {
        Cookie deleted = of(name, "").maxAge(Duration.ZERO).expires(Instant.EPOCH);
        // Browsers also ignore the deletion of such a cookie if it is not secure.
        return deleted.secure(deleted.hasPrefix(HOST_PREFIX) || deleted.hasPrefix(SECURE_PREFIX));
    }

    public Cookie path(String path) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    public Cookie domain(@Nullable String domain) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    public Cookie maxAge(@Nullable Duration maxAge) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    public Cookie expires(@Nullable Instant expires) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    public Cookie httpOnly(boolean httpOnly) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    public Cookie secure(boolean secure) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    /**
     * Returns a copy with this rule for requests that pages of other sites send: {@code Strict},
     * {@code Lax} or {@code None}. With {@code None} the cookie must be {@link #secure(boolean)
     * secure}, because browsers drop it otherwise.
     */
    public Cookie sameSite(String sameSite) {
        return new Cookie(name, value, path, domain, maxAge, expires, httpOnly, secure, sameSite);
    }

    /**
     * Checks that browsers do not drop the cookie silently (RFC 6265bis, section 4.1.3).
     *
     * @throws IllegalArgumentException when they would
     */
    void checkKept() {
        if (sameSite.equals("None") && !secure) {
            throw dropped("SameSite=None without Secure", "secure(true)");
        }
        if (!secure && (hasPrefix(HOST_PREFIX) || hasPrefix(SECURE_PREFIX))) {
            throw dropped("a name with this prefix without Secure", "secure(true)");
        }
        if (hasPrefix(HOST_PREFIX) && (domain != null || !path.equals("/"))) {
            throw dropped(
                    "Domain " + domain + ", Path " + path,
                    "no domain and the path / for " + HOST_PREFIX);
        }
    }

    private boolean hasPrefix(String prefix) {
        return name.regionMatches(true, 0, prefix, 0, prefix.length());
    }

    private IllegalArgumentException dropped(String reason, String expected) {
        return new IllegalArgumentException(
                "cookie "
                        + name
                        + ": "
                        + reason
                        + " (expected: "
                        + expected
                        + ", because browsers drop it otherwise)");
    }

    /** Returns the value of the Set-Cookie field. */
    @Override
    public String toString() {
        var text = new StringBuilder(name).append('=').append(value).append("; Path=").append(path);
        if (domain != null) {
            text.append("; Domain=").append(domain);
        }
        if (expires != null) {
            text.append("; Expires=").append(HttpDate.format(expires));
        }
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
                    // The first value counts: browsers send the most specific path first (RFC 6265,
                    // section 5.4).
                    cookies.putIfAbsent(
                            pair.substring(0, equals).strip(), pair.substring(equals + 1).strip());
                }
            }
        }
        // No copy: a Map.of takes quadratic time for names that a client chose to collide.
        return Collections.unmodifiableMap(cookies);
    }

    private static void check(String what, String text, String more) {
        Required.notNull(text, what, "a text");
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
