package microdot.stores;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A file system in memory that is soon full, and that can be made read-only. */
public final class SmallDisk implements AutoCloseable {
    private final Path folder;

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    /**
     * Mounts one; aborts the test where that is not allowed.
     *
     * @param folder an empty one
     */
    public static SmallDisk at(Path folder, int mebibytes) {
        try {
            run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "microdot", "" + folder);
        } catch (IOException e) {
            Assumptions.abort("a small file system needs root and mount: " + e.getMessage());
        }
        return new SmallDisk(folder);
    }

    /** Returns where it is mounted. */
    public Path folder() {
        return folder;
    }

    private Path filler() {
        return folder.resolve("filler");
    }

    /** Leaves no byte free. */
    public void fill() {
        try (OutputStream out = Files.newOutputStream(filler())) {
            var bytes = new byte[4096];
            while (true) {
                out.write(bytes);
            }
        } catch (IOException e) {
            // It is full.
        }
    }

    /** Removes what it was filled with. */
    public void free() {
        try {
            Files.delete(filler());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** While a file is open for writing, the system refuses to make it read-only. */
    public void readOnly(boolean value) throws IOException {
        run("mount", "-o", "remount," + (value ? "ro" : "rw"), folder.toString());
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var out = process.getInputStream()) {
            String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + text.strip());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            run("umount", "-l", folder.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
