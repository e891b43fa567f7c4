package microdot.netty;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses one HTTP/1.1 response incrementally: the head, then the body out of its chunks. It fails
 * on the first byte that violates the framing.
 */
final class ResponseReader {
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: (\\d+)\r\n");

    /** Receives the parts of the response. */
    interface Target {
        void head(String head);

        void body(byte[] bytes, int from, int length);
    }

    private enum Part {
        HEAD,
        SIZE,
        CHUNK,
        CHUNK_END,
        LAST,
        BODY,
        NOTHING
    }

    private final Target target;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private Part part = Part.HEAD;
    private long left = Long.MAX_VALUE;

    ResponseReader(Target target) {
        this.target = target;
    }

    /** Returns whether the response has ended properly. */
    boolean isWhole() {
        return part == Part.NOTHING;
    }

    void feed(byte[] bytes, int length) {
        int at = 0;
        while (at < length) {
            switch (part) {
                case CHUNK, BODY -> at += body(bytes, at, length);
                case NOTHING -> throw new AssertionError("bytes after the end of the response");
                default -> text((char) (bytes[at++] & 0xFF));
            }
        }
    }

    private int body(byte[] bytes, int at, int length) {
        int taken = (int) Math.min(left, length - at);
        left -= taken;
        if (left == 0) {
            part = part == Part.CHUNK ? Part.CHUNK_END : Part.NOTHING;
        }
        target.body(bytes, at, taken);
        return taken;
    }

    private void text(char c) {
        line.write(c);
        if (c != '\n') {
            return;
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        if (part == Part.HEAD && !text.endsWith("\r\n\r\n")) {
            return;
        }
        line.reset();
        switch (part) {
            case HEAD -> head(text);
            case SIZE -> size(text);
            case CHUNK_END -> expect(text, Part.SIZE);
            default -> expect(text, Part.NOTHING);
        }
    }

    private void head(String text) {
        String fields = text.toLowerCase(Locale.ROOT);
        Matcher length = LENGTH.matcher(fields);
        if (fields.contains("\r\ntransfer-encoding: chunked\r\n")) {
            part = Part.SIZE;
        } else if (length.find()) {
            left = Long.parseLong(length.group(1));
            part = left == 0 ? Part.NOTHING : Part.BODY;
        } else {
            part = Part.BODY;
        }
        target.head(text);
    }

    private void size(String text) {
        if (!text.matches("[0-9a-f]+\r\n")) {
            throw new AssertionError("a chunk's size: \"" + text + "\"");
        }
        left = Long.parseLong(text, 0, text.length() - 2, 16);
        part = left == 0 ? Part.LAST : Part.CHUNK;
    }

    private void expect(String text, Part next) {
        if (!text.equals("\r\n")) {
            throw new AssertionError("\"" + text + "\" (expected: the end of a chunk)");
        }
        part = next;
    }
}
