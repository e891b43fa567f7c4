package microdot;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import microdot.internal.Quoted;

/** Parses a query string or a form: {@code a=1&b=2&a=3}, percent-encoded, {@code +} for a space. */
final class Query {
    private Query() {}

    /** Returns names and values in the order of the text. */
    static Map<String, List<String>> parse(String text) {
        var values = new LinkedHashMap<String, List<String>>();
        for (String pair : text.split("&", -1)) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                String value = equals < 0 ? "" : pair.substring(equals + 1);
                values.computeIfAbsent(decode(name), key -> new ArrayList<>()).add(decode(value));
            }
        }
        values.replaceAll((name, list) -> List.copyOf(list));
        // A small map where possible, because a stream may keep it for days. A single name needs no
        // order.
        return values.size() < 2 ? Map.copyOf(values) : Collections.unmodifiableMap(values);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new HttpException(
                    400,
                    "percent-encoding: " + Quoted.of(text) + " (expected: % and two hex digits)");
        }
    }
}
