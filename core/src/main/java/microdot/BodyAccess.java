package microdot;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a handler reads the body of its request: whole, as a stream, or in parts. */
final class BodyAccess {

    private final RequestBody source;
    private long limit;
    private byte @Nullable [] whole;
    private @Nullable InputStream stream;
    private @Nullable List<Part> parts;
    private @Nullable PartStorage storage;
    private @Nullable RuntimeException failure; // Part of the body is lost: no later call reads on.

    BodyAccess(RequestBody source) {
        this.source = source;
        this.limit = source.limit();
    }

    void limit(long bytes) {
        limit = bytes;
    }

    byte[] whole() {
        byte[] bytes = whole;
        if (bytes == null) {
            checkUnread("body");
            checkLength();
            try {
                bytes = readWhole();
            } catch (IOException e) {
                throw failed(new UncheckedIOException(e));
            } catch (RuntimeException e) {
                throw failed(e);
            }
            whole = bytes;
        }
        return bytes;
    }

    private byte[] readWhole() throws IOException {
        int most = (int) Math.min(limit, Integer.MAX_VALUE - 16);
        byte[] bytes = source.readAll(most);
        if (bytes.length > most) {
            throw tooLarge();
        }
        return bytes;
    }

    InputStream stream() {
        if (whole != null) {
            return new ByteArrayInputStream(whole);
        }
        InputStream in = stream;
        if (in == null || storage != null) {
            checkUnread("stream");
        }
        if (in == null) {
            checkLength();
            in = new Limited(source.open());
            stream = in;
        }
        return in;
    }

    List<Part> parts(String contentType) {
        List<Part> all = parts;
        if (all == null) {
            checkUnread("parts");
            InputStream in = whole == null ? stream() : new ByteArrayInputStream(whole);
            try {
                var storing = new PartStorage(source::keeps);
                storage = storing; // Before it stores anything.
                all = List.copyOf(new MultipartParser(in, contentType, storing).parse());
            } catch (IOException e) {
                throw failed(new UncheckedIOException(e));
            } catch (RuntimeException e) {
                throw failed(e);
            }
            parts = all;
        }
        return all;
    }

    /** Returns the body if it was read into memory; else null. */
    byte @Nullable [] inMemory() {
        return whole;
    }

    /** Returns whether there is a body of which nothing was read. */
    boolean isUnread() {
        return source.length() != 0 && whole == null && stream == null && failure == null;
    }

    /** Reads the body into memory, if the server's own limit allows it. */
    void readBeforeStream() {
        checkLength();
        if (source.length() <= source.limit()) {
            limit = Math.min(limit, source.limit()); // The client may not declare the length.
            whole();
        } else {
            failure =
                    new IllegalStateException(
                            "the body was not read before the stream began: it is larger than the"
                                    + " server's maxBody (expected: read it before sseResponse)");
        }
    }

    private RuntimeException failed(RuntimeException cause) {
        if (whole == null) {
            failure = cause;
        }
        return cause;
    }

    /** Returns what deletes the stored parts; null if none are stored. */
    @Nullable Runnable release() {
        PartStorage used = storage;
        return used == null || !used.hasFiles() ? null : used::release;
    }

    private void checkUnread(String method) {
        if (failure != null) {
            throw failure;
        }
        if (stream != null) {
            throw new IllegalStateException(
                    method
                            + ": the body was read by "
                            + (parts == null ? "stream" : "parts")
                            + " before (expected: only one of them)");
        }
    }

    private void checkLength() {
        if (source.length() > limit) {
            throw tooLarge();
        }
    }

    private HttpException tooLarge() {
        return new HttpException(
                413,
                String.format(Locale.ROOT, "the body is larger than %d bytes (maxBody)", limit));
    }

    /** Limits a body of unknown length while it is read. */
    private final class Limited extends InputStream {
        private final InputStream in;
        private long count;

        Limited(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            int b = in.read();
            if (b >= 0) {
                count(1);
            }
            return b;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int read = in.read(to, from, length);
            if (read > 0) {
                count(read);
            }
            return read;
        }

        private void count(int read) {
            count += read;
            if (count > limit) {
                throw tooLarge();
            }
        }

        @Override
        public int available() throws IOException {
            return in.available();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
