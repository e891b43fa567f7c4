package microdot.netty.proxy;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What one proxy says in the field {@code Forwarded} (RFC 7239, section 4): names and values. */
record ForwardedElement(Map<String, String> pairs) {
    // A value in quotes has no escapes: no address, scheme or host needs one. Many proxies leave
    // out
    // the quotes that a colon needs.
    private static final Pattern PAIR =
            Pattern.compile(
                    "\\s*([\\w!#$%&'*+.^`|~-]+)=(?:\"([^\"\\\\]*)\"|([^\\s\",;\\\\]+))\\s*");

    /** Returns the element; null if it is malformed. */
    static @Nullable ForwardedElement parse(String text) {
        var pairs = new HashMap<String, String>();
        Matcher pair = PAIR.matcher(text);
        int at = 0;
        while (true) {
            pair.region(at, text.length());
            if (!pair.lookingAt()) {
                return null;
            }
            String quoted = pair.group(2);
            String value = quoted == null ? pair.group(3) : quoted;
            if (pairs.put(pair.group(1).toLowerCase(Locale.ROOT), value) != null) {
                return null;
            }
            at = pair.end();
            if (at == text.length()) {
                return new ForwardedElement(pairs);
            }
            if (text.charAt(at++) != ';') {
                return null;
            }
        }
    }

    @Nullable String get(String name) {
        return pairs.get(name);
    }
}
