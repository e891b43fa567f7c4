package microdot;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The lines of access logs, which go to a System.Logger. */
final class AccessLogLines {
    private AccessLogLines() {}

    static void log(AccessLogEntry entry, Function<AccessLogEntry, String> format) {
        AccessLogger.log(() -> format.apply(entry));
    }

    static String standard(AccessLogEntry entry) {
        Outcome outcome = entry.outcome();
        var line =
                new StringBuilder(96)
                        .append(entry.client().isEmpty() ? "-" : entry.client())
                        .append(' ')
                        .append(printable(entry.method()))
                        .append(' ')
                        .append(printable(entry.path()))
                        .append(' ')
                        .append(outcome.status())
                        .append(" bytes=")
                        .append(outcome.bytes());
        if (entry.stream()) {
            line.append(" events=").append(outcome.events());
        }
        line.append(" seconds=").append(seconds(outcome.duration()));
        if (outcome.closeReason() != null) {
            line.append(" end=").append(outcome.closeReason());
        }
        return line.toString();
    }

    static String json(AccessLogEntry entry) {
        Outcome outcome = entry.outcome();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("client", entry.client());
        fields.put("method", entry.method());
        fields.put("path", entry.path());
        if (entry.route() != null) {
            fields.put("route", entry.route());
        }
        fields.put("status", outcome.status());
        fields.put("bytes", outcome.bytes());
        if (entry.stream()) {
            fields.put("events", outcome.events());
        }
        fields.put("seconds", outcome.duration().toNanos() / 1e9);
        if (outcome.closeReason() != null) {
            fields.put("end", outcome.closeReason());
        }
        return new String(JsonCodec.standard().encode(fields), StandardCharsets.UTF_8);
    }

    private static String seconds(Duration duration) {
        long millis = Math.round(duration.toNanos() / 1e6); // By hand: a format takes 1 µs a line.
        String part = Long.toString(1000 + millis % 1000).substring(1);
        return millis / 1000 + "." + part;
    }

    /** A client chooses the path: it must not begin a line, nor look like several fields. */
    private static String printable(String text) {
        if (text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            return text;
        }
        var printable = new StringBuilder(text.length() + 16);
        text.chars()
                .forEach(
                        c -> {
                            if ((c > ' ' && c < 0x7f) || Character.isLetterOrDigit(c)) {
                                printable.append((char) c);
                            } else {
                                printable.append(String.format(Locale.ROOT, "\\u%04x", c));
                            }
                        });
        return printable.toString();
    }
}
