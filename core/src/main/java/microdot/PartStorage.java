package microdot;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Stores the parts of one request: a part in a temporary file if they would take much memory. */
final class PartStorage {
    private static final Logger LOG = System.getLogger("microdot");

    /** The bytes of all parts together that are kept in memory. */
    static final int MAX_IN_MEMORY = 64 << 10;

    /** The objects of a part, without its content and its names. */
    private static final int PART = 512;

    private final LongConsumer memory; // Receives what the parts take in memory, in bytes.
    private final List<Path> files = new ArrayList<>();
    private int inMemory; // Of the content of all parts.
    private long kept;
    private boolean released;

    PartStorage(LongConsumer memory) {
        this.memory = memory;
    }

    /** Stores a further part, of which the header fields have this many bytes. */
    Stored create(int fields) {
        keep(PART + 2L * fields); // A character may take two bytes.
        return new Stored();
    }

    private void keep(long bytes) {
        kept += bytes;
        memory.accept(kept);
    }

    private synchronized Path createFile() throws IOException {
        if (released) {
            throw new IOException("the request has ended");
        }
        Path file = Files.createTempFile("microdot-part-", null);
        files.add(file);
        return file;
    }

    synchronized boolean hasFiles() {
        return !files.isEmpty();
    }

    /**
     * Deletes the files; the parts cannot be read any more. A file that cannot be deleted is
     * logged.
     */
    synchronized void release() {
        released = true;
        IOException failure = null;
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        files.clear();
        if (failure != null) {
            String folder = System.getProperty("java.io.tmpdir");
            LOG.log(
                    Level.WARNING,
                    "files of an upload could not be deleted; delete microdot-part-* in " + folder,
                    failure);
        }
    }

    /** The content of one part: written once, then read. */
    final class Stored extends OutputStream {
        private @Nullable ByteArrayOutputStream content = new ByteArrayOutputStream();
        private @Nullable Path file;
        private @Nullable OutputStream out;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            ByteArrayOutputStream whole = content;
            if (whole != null && inMemory + length <= MAX_IN_MEMORY) {
                inMemory += length;
                whole.write(bytes, from, length);
                keep(2L * length); // The array grows to up to twice what is needed.
                return;
            }
            OutputStream target = out;
            if (target == null) {
                Path path = createFile();
                target = Files.newOutputStream(path);
                file = path;
                out = target;
            }
            if (whole != null) {
                inMemory -= whole.size();
                whole.writeTo(target);
                keep(-2L * whole.size());
                content = null;
            }
            target.write(bytes, from, length);
        }

        @Override
        public void close() throws IOException {
            if (out != null) {
                out.close();
            }
        }

        InputStream open() throws IOException {
            Path path = file;
            ByteArrayOutputStream whole = content;
            if (path != null) {
                return Files.newInputStream(path);
            }
            return new ByteArrayInputStream(whole == null ? new byte[0] : whole.toByteArray());
        }
    }
}
