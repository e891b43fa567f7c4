package microdot.netty.exchange;

import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import microdot.HttpDate;
import microdot.Response;

/** The header fields of a response, whatever the version of HTTP. Thread-safe. */
public final class ResponseFields {
    // Only the transport knows how the body is framed and whether the connection stays open.
    private static final Set<String> OURS =
            Set.of(
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "keep-alive",
                    "upgrade",
                    "trailer",
                    "date");

    private ResponseFields() {}

    /** Gives the fields that the application has set, except those that the transport sets. */
    public static void forEach(Response response, BiConsumer<String, String> action) {
        response.headers()
                .forEach(
                        (name, value) -> {
                            if (!OURS.contains(name.toLowerCase(Locale.ROOT))) {
                                action.accept(name, value);
                            }
                        });
    }

    /** Returns the value of the field {@code Date}. */
    public static String date() {
        return Date.now();
    }

    /** The Date field, formatted once a second. */
    private record Date(long second, String text) {
        private static volatile Date last = new Date(-1, "");

        static String now() {
            long second = System.currentTimeMillis() / 1000;
            Date date = last;
            if (date.second != second) {
                date = new Date(second, HttpDate.format(Instant.now()));
                last = date;
            }
            return date.text;
        }
    }
}
