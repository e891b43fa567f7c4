package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The responses that a client has received over HTTP/1.1, one after another; strict. */
final class ResponseBytes {
    private static final Pattern HEAD =
            Pattern.compile(
                    "HTTP/1\\.1 ([1-5]\\d\\d) [ -~]*\r\n(?:[\\w-]+: [\t -~\u0080-\u00FF]*\r\n)*\r\n");
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: (\\d+)\r\n");
    private static final Pattern SIZE = Pattern.compile("([0-9a-f]+)\r\n");

    private final String text;
    private int at;
    private int status;
    private boolean last;

    ResponseBytes(byte[] received) {
        text = new String(received, ISO_8859_1);
    }

    int status() {
        return status;
    }

    boolean isAtEnd() {
        return at == text.length();
    }

    /** Returns whether the last response said that the connection ends with it. */
    boolean isLast() {
        return last;
    }

    /** Reads the next response that is final; returns false if there is none. */
    boolean next(boolean headOnly) {
        do {
            if (isAtEnd()) {
                return false;
            }
            head(headOnly);
        } while (status == 100);
        return true;
    }

    /** Reads a response to a request that cannot be served, perhaps a HEAD. */
    boolean nextRefusal() {
        int from = at;
        head(true);
        if (!isAtEnd()) {
            at = from;
            head(false);
        }
        return isAtEnd() && status >= 400 && last;
    }

    private void head(boolean headOnly) {
        Matcher head = HEAD.matcher(text);
        head.region(at, text.length());
        if (!head.lookingAt()) {
            throw new AssertionError("no response: " + text.substring(at));
        }
        String fields = head.group().toLowerCase(Locale.ROOT);
        status = Integer.parseInt(head.group(1));
        last = fields.contains("\r\nconnection: close\r\n");
        at = head.end();
        Matcher length = LENGTH.matcher(fields);
        boolean hasLength = length.find();
        boolean chunked = fields.contains("\r\ntransfer-encoding: chunked\r\n");
        if (hasLength && chunked) {
            throw new AssertionError(fields);
        }
        if (headOnly || status < 200 || status == 204 || status == 304) {
            return;
        }
        if (hasLength) {
            skip(Long.parseLong(length.group(1)));
        } else if (chunked) {
            chunks();
        } else if (last) {
            at = text.length(); // The end of the connection is the end of the body.
        } else {
            throw new AssertionError("no end of the body: " + fields);
        }
    }

    private void skip(long length) {
        if (length > text.length() - at) {
            throw new AssertionError("a body of " + length + " bytes is unfinished");
        }
        at += (int) length;
    }

    /** The client has left a stream before its end: the last chunk may be missing. */
    private void chunks() {
        Matcher size = SIZE.matcher(text);
        while (!isAtEnd()) {
            size.region(at, text.length());
            if (!size.lookingAt()) {
                throw new AssertionError("a chunk's size: " + text.substring(at));
            }
            at = size.end();
            int length = Integer.parseInt(size.group(1), 16);
            skip(length + 2L);
            if (!text.startsWith("\r\n", at - 2)) {
                throw new AssertionError("a chunk's end: " + text.substring(at - 2));
            }
            if (length == 0) {
                return;
            }
        }
    }
}
