package benchmarks;

import static java.util.Locale.ROOT;

/** Reads the responses of one HTTP/1.1 connection, split anywhere, and passes on their bodies. */
final class HttpReader {
    /** Takes the next piece of a body. */
    @FunctionalInterface
    interface Body {
        void take(byte[] bytes, int from, int to);
    }

    private enum State {
        HEAD,
        SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER,
        FIXED,
        UNTIL_CLOSE,
        DONE
    }

    private final Body body;
    private final StringBuilder line = new StringBuilder();
    private State state = State.HEAD;
    private int status;
    private boolean chunked;
    private long left;
    private int complete;

    HttpReader(Body body) {
        this.body = body;
    }

    /**
     * Returns the status of the response that is being read or was read last; 0 before its first
     * line.
     */
    int status() {
        return status;
    }

    /** Returns whether a head is complete and its body is not. */
    boolean isInBody() {
        return state != State.HEAD && state != State.DONE;
    }

    /** Returns how many responses are complete. */
    int complete() {
        return complete;
    }

    void feed(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            at =
                    switch (state) {
                        case CHUNK, FIXED, UNTIL_CLOSE -> body(bytes, at, to);
                        case DONE -> {
                            state = State.HEAD;
                            status = 0;
                            yield at;
                        }
                        default -> line(bytes, at, to);
                    };
        }
    }

    private int body(byte[] bytes, int from, int to) {
        int end = state == State.UNTIL_CLOSE ? to : (int) Math.min(to, from + left);
        body.take(bytes, from, end);
        left -= end - from;
        if (left == 0 && state == State.CHUNK) {
            state = State.CHUNK_END;
        } else if (left == 0 && state == State.FIXED) {
            done();
        }
        return end;
    }

    private int line(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && bytes[at] != '\n') {
            if (bytes[at] != '\r') {
                line.append((char) (bytes[at] & 0xFF));
            }
            at++;
        }
        if (at == to) {
            return at;
        }
        String whole = line.toString();
        line.setLength(0);
        line(whole);
        return at + 1;
    }

    private void line(String text) {
        switch (state) {
            case HEAD -> head(text);
            case SIZE -> size(text);
            case CHUNK_END -> state = State.SIZE;
            case TRAILER -> {
                if (text.isEmpty()) {
                    done();
                }
            }
            default -> throw new IllegalStateException("a line while in " + state);
        }
    }

    private void head(String text) {
        if (status == 0) {
            status = Integer.parseInt(text.split(" ", 3)[1]);
            chunked = false;
            left = status == 204 ? 0 : -1;
        } else if (text.isEmpty()) {
            beginBody();
        } else {
            field(text.toLowerCase(ROOT));
        }
    }

    private void field(String text) {
        String value = text.substring(text.indexOf(':') + 1).strip();
        if (text.startsWith("content-length:")) {
            left = Long.parseLong(value);
        } else if (text.startsWith("transfer-encoding:")) {
            chunked = value.equals("chunked");
        }
    }

    private void beginBody() {
        if (chunked) {
            state = State.SIZE;
        } else if (left == 0) {
            done();
        } else {
            state = left > 0 ? State.FIXED : State.UNTIL_CLOSE;
        }
    }

    private void size(String text) {
        int end = text.indexOf(';');
        left = Long.parseLong(end < 0 ? text : text.substring(0, end).strip(), 16);
        state = left == 0 ? State.TRAILER : State.CHUNK;
    }

    private void done() {
        state = State.DONE;
        complete++;
    }
}
