package microdot;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** A header field such as {@code form-data; name="a"; filename="b"}: a value and its parameters. */
final class FieldParameters {
    private final String field;
    private final String value;
    private final Map<String, String> parameters = new HashMap<>();
    private int at;

    FieldParameters(String field) {
        this.field = field;
        this.value = upTo(";").toLowerCase(Locale.ROOT);
        while (at < field.length()) {
            at++; // The semicolon.
            String name = upTo("=;").toLowerCase(Locale.ROOT);
            if (at < field.length() && field.charAt(at) == '=') {
                at++;
                parameters.putIfAbsent(name, parameterValue());
            }
        }
    }

    /** Returns what is before the parameters, in lower case. */
    String value() {
        return value;
    }

    /**
     * Returns the value of a parameter, or null. The extended form (RFC 8187), such as {@code
     * filename*=UTF-8''a%20b}, precedes the plain one.
     */
    @Nullable String get(String name) {
        String extended = parameters.get(name + "*");
        if (extended != null && extended.regionMatches(true, 0, "utf-8'", 0, 6)) {
            String encoded = extended.substring(extended.lastIndexOf('\'') + 1);
            try {
                return URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw new HttpException(400, name + "*: " + Quoted.of(extended));
            }
        }
        return parameters.get(name);
    }

    private String upTo(String ends) {
        int from = at;
        while (at < field.length() && ends.indexOf(field.charAt(at)) < 0) {
            at++;
        }
        return field.substring(from, at).strip();
    }

    private String parameterValue() {
        while (at < field.length() && field.charAt(at) == ' ') {
            at++;
        }
        if (at == field.length() || field.charAt(at) != '"') {
            return upTo(";");
        }
        at++;
        String quoted = quoted();
        upTo(";");
        return quoted;
    }

    // Browsers write a backslash as it is, other clients double it. Only before a quote or a
    // backslash it can be meant as an escape.
    private String quoted() {
        var text = new StringBuilder();
        while (at < field.length() && field.charAt(at) != '"') {
            char next = at + 1 < field.length() ? field.charAt(at + 1) : ' ';
            if (field.charAt(at) == '\\' && (next == '"' || next == '\\')) {
                at++;
            }
            text.append(field.charAt(at++));
        }
        at = Math.min(at + 1, field.length());
        return text.toString();
    }
}
