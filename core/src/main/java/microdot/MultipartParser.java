package microdot;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the parts of a {@code multipart/form-data} body (RFC 7578) one after another. It is strict
 * about where a part ends, and refuses a body that ends before its last boundary.
 *
 * <p>Why not the decoder of Netty: docs/decisions/0015-own-multipart-parser.md.
 */
final class MultipartParser {
    /** The parts that a body may have. */
    static final int MAX_PARTS = 128;

    /** The bytes that the header fields of one part may have. */
    static final int MAX_FIELD_BYTES = 8 << 10;

    private static final int BUFFER_BYTES = 16 << 10;
    private static final int MAX_BOUNDARY = 70; // RFC 2046, section 5.1.1.

    private final InputStream in;
    private final PartStorage storage;
    private final byte[] delimiter;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int end;
    private int fieldBytes; // Of the header fields of the current part.

    MultipartParser(InputStream in, String contentType, PartStorage storage) {
        this.in = in;
        this.storage = storage;
        this.delimiter = ("\r\n--" + boundary(contentType)).getBytes(StandardCharsets.ISO_8859_1);
        // The first boundary may be the first line.
        buffer[end++] = '\r';
        buffer[end++] = '\n';
    }

    private static String boundary(String contentType) {
        String boundary = new FieldParameters(contentType).get("boundary");
        if (boundary == null || boundary.isEmpty() || boundary.length() > MAX_BOUNDARY) {
            throw malformed("no boundary in the content type");
        }
        return boundary;
    }

    private static HttpException malformed(String what) {
        return new HttpException(400, "multipart: " + what);
    }

    List<Part> parse() throws IOException {
        var parts = new ArrayList<Part>();
        copyToDelimiter(OutputStream.nullOutputStream());
        while (!isLast()) {
            if (parts.size() == MAX_PARTS) {
                throw new HttpException(413, "multipart: more than " + MAX_PARTS + " parts");
            }
            parts.add(part());
        }
        in.transferTo(OutputStream.nullOutputStream());
        return parts;
    }

    private Part part() throws IOException {
        Map<String, String> fields = fields();
        String value = fields.get("content-disposition");
        var disposition = new FieldParameters(value == null ? "" : value);
        String name = disposition.get("name");
        if (!disposition.value().equals("form-data") || name == null) {
            throw malformed(
                    "a part without a name (expected: Content-Disposition: form-data; name=)");
        }
        try (PartStorage.Stored content = storage.create(fieldBytes)) {
            copyToDelimiter(content);
            return new Part(
                    name, disposition.get("filename"), fields.get("content-type"), content::open);
        }
    }

    /** After a delimiter: the last one is followed by two hyphens, any other by a line end. */
    private boolean isLast() throws IOException {
        int first = next();
        if (first == '-' && next() == '-') {
            return true;
        }
        while (first == ' ' || first == '\t') {
            first = next();
        }
        if (first != '\r' || next() != '\n') {
            throw malformed("no line end after a boundary");
        }
        return false;
    }

    /** Returns the header fields of a part, with names in lower case. */
    private Map<String, String> fields() throws IOException {
        var fields = new HashMap<String, String>();
        int left = MAX_FIELD_BYTES;
        for (String line = line(left); !line.isEmpty(); line = line(left)) {
            left -= line.length() + 2;
            int colon = line.indexOf(':');
            boolean valid = line.chars().noneMatch(c -> c < ' ' && c != '\t');
            if (colon <= 0 || line.charAt(0) == ' ' || line.charAt(0) == '\t' || !valid) {
                throw malformed("a malformed header field of a part");
            }
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            fields.putIfAbsent(name, line.substring(colon + 1).strip());
        }
        fieldBytes = MAX_FIELD_BYTES - left;
        return fields;
    }

    private String line(int most) throws IOException {
        byte[] line = new byte[128];
        int length = 0;
        for (int b = next(); b != '\r'; b = next()) {
            if (length >= most - 2) {
                throw malformed("header fields of a part beyond " + MAX_FIELD_BYTES + " bytes");
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) b;
        }
        if (next() != '\n') {
            throw malformed("a malformed header field of a part");
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    private int next() throws IOException {
        if (start == end) {
            fill();
        }
        return buffer[start++] & 0xFF;
    }

    /** Reads more bytes after the unread ones. */
    private void fill() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, end - start);
        end -= start;
        start = 0;
        int count = in.read(buffer, end, buffer.length - end);
        if (count < 0) {
            throw malformed("the body ends before its last boundary");
        }
        end += count;
    }

    /** Copies what is before the next delimiter, and skips that. */
    private void copyToDelimiter(OutputStream out) throws IOException {
        while (true) {
            int at = find();
            out.write(buffer, start, at - start);
            start = at;
            if (end - at >= delimiter.length) {
                start += delimiter.length;
                return;
            }
            fill();
        }
    }

    /** Returns where the delimiter is, or where it may begin if more is read. */
    private int find() {
        for (int at = start; at < end; at++) {
            int length = Math.min(delimiter.length, end - at);
            if (buffer[at] == '\r'
                    && Arrays.equals(buffer, at, at + length, delimiter, 0, length)) {
                return at;
            }
        }
        return end;
    }
}
