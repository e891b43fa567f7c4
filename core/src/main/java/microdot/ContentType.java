package microdot;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** Reads the value of a field {@code Content-Type}. */
final class ContentType {
    // Not in a copy in lower case, whose indexes differ: that of U+0130 has two characters.
    private static final Pattern CHARSET =
            Pattern.compile("charset=([^;]*)", Pattern.CASE_INSENSITIVE);

    private ContentType() {}

    /** Returns the type without parameters in lower case; empty for null. */
    static String type(@Nullable String value) {
        return value == null ? "" : value.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the charset that the value names, or the given default.
     *
     * @throws HttpException with status 415 when the charset is unknown
     */
    static Charset charset(@Nullable String value, Charset otherwise) {
        Matcher charset = CHARSET.matcher(value == null ? "" : value);
        if (!charset.find()) {
            return otherwise;
        }
        String name = charset.group(1).replace("\"", "").strip();
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new HttpException(
                    415,
                    "charset: "
                            + Quoted.of(name)
                            + " (expected: a supported charset, such as UTF-8)");
        }
    }
}
