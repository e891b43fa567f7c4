package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the bytes of an HTTP/1.1 connection mean, by the grammar of RFC 9112 and nothing beyond it:
 * the reference for the server. It ends at the first byte that is not in the grammar.
 */
final class RequestBytes {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern LINE =
            Pattern.compile("(" + TOKEN + ") ([!-~&&[^#]]+) HTTP/1\\.([01])");
    private static final Pattern FIELD =
            Pattern.compile("(" + TOKEN + "):[ \t]*([\t -~\u0080-\u00FF]*?)[ \t]*");
    private static final Pattern CHUNK =
            Pattern.compile("([0-9A-Fa-f]{1,16})([ \t]*;[\t -~\u0080-\u00FF]*)?");
    private static final Pattern EXTENSIONS =
            Pattern.compile(
                    "(?:[ \t]*;[ \t]*"
                            + TOKEN
                            + "(?:[ \t]*=[ \t]*(?:"
                            + TOKEN
                            + "|\"[\t -~&&[^\"\\\\]]*\"))?)+");

    /**
     * A request whose head is whole.
     *
     * @param body null if it is unfinished or malformed
     * @param odd whether it has an extension of a chunk that a server may refuse, also when it has
     *     answered already, or ignore
     */
    record Read(String method, String target, byte @Nullable [] body, boolean odd) {}

    private final byte[] bytes;
    private final List<Read> requests = new ArrayList<>();
    private int at;
    private boolean odd;

    private RequestBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns the requests up to the first fault, or up to the end. */
    static List<Read> read(byte[] bytes) {
        var reading = new RequestBytes(bytes);
        while (reading.request()) {}
        return reading.requests;
    }

    /** Returns false at the first fault or at the end. */
    private boolean request() {
        String line = line();
        while (line != null && line.isEmpty()) {
            line = line();
        }
        Matcher parts = LINE.matcher(line == null ? "" : line);
        if (!parts.matches()) {
            return false;
        }
        List<String> lengths = new ArrayList<>();
        List<String> codings = new ArrayList<>();
        String field = line();
        while (field != null && !field.isEmpty()) {
            Matcher pair = FIELD.matcher(field);
            if (!pair.matches()) {
                return false;
            }
            switch (pair.group(1).toLowerCase(Locale.ROOT)) {
                case "content-length" -> lengths.add(pair.group(2));
                case "transfer-encoding" -> codings.add(pair.group(2));
                default -> {}
            }
            field = line();
        }
        if (field == null || lengths.size() + codings.size() > 1) {
            return false;
        }
        odd = false;
        byte[] body;
        if (!codings.isEmpty()) {
            if (!codings.getFirst().equalsIgnoreCase("chunked") || parts.group(3).equals("0")) {
                return false;
            }
            body = chunked();
        } else if (lengths.isEmpty()) {
            body = new byte[0];
        } else if (lengths.getFirst().matches("\\d{1,18}")) {
            body = take(Long.parseLong(lengths.getFirst()));
        } else {
            return false;
        }
        requests.add(new Read(parts.group(1), parts.group(2), body, odd));
        return body != null;
    }

    private byte @Nullable [] chunked() {
        byte[] body = new byte[0];
        while (true) {
            String line = line();
            Matcher chunk = CHUNK.matcher(line == null ? "" : line);
            if (!chunk.matches()) {
                return null;
            }
            String extensions = chunk.group(2);
            odd |= extensions != null && !EXTENSIONS.matcher(extensions).matches();
            long size = Long.parseUnsignedLong(chunk.group(1), 16);
            if (size == 0) {
                return trailers() ? body : null;
            }
            byte[] data = take(size);
            if (data == null || !"".equals(line())) {
                return null;
            }
            int before = body.length;
            body = Arrays.copyOf(body, before + data.length);
            System.arraycopy(data, 0, body, before, data.length);
        }
    }

    private boolean trailers() {
        String line = line();
        while (line != null && FIELD.matcher(line).matches()) {
            line = line();
        }
        return "".equals(line);
    }

    private byte @Nullable [] take(long length) {
        if (length < 0 || length > bytes.length - at) {
            return null;
        }
        at += (int) length;
        return Arrays.copyOfRange(bytes, at - (int) length, at);
    }

    /** Returns the next line without its end, CR LF; null if there is none. */
    private @Nullable String line() {
        for (int end = at; end + 1 < bytes.length; end++) {
            if (bytes[end] == '\n') {
                return null;
            }
            if (bytes[end] == '\r') {
                if (bytes[end + 1] != '\n') {
                    return null;
                }
                String line = new String(bytes, at, end - at, ISO_8859_1);
                at = end + 2;
                return line;
            }
        }
        return null;
    }
}
