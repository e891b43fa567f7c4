package microdot.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import microdot.sse.store.StoreException;

/**
 * Keeps other processes, and other stores of this process, from a file. SQLite's own lock would
 * keep people from reading it.
 *
 * <p>The lock file also remembers which opening of the file was the last, and a position that the
 * file had: an older copy of the file that is put in its place is recognized by that.
 */
final class StoreLock implements AutoCloseable {
    private static final int LENGTH = 96;

    /**
     * The files that are open in this process. Closing any channel of a file can release the locks
     * that the process has on it, so none is opened for a file that is here.
     */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;
    private final FileLock lock;

    private StoreLock(Path file, FileChannel channel, FileLock lock) {
        this.file = file;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * What is remembered.
     *
     * @param opening of the last opening; empty when unknown
     * @param earlier of the opening before, while the last one began; else empty
     * @param head a position that the file had
     */
    record Memory(String opening, String earlier, long head) {
        static final Memory NONE = new Memory("", "", 0);

        boolean knows(String name) {
            return !name.isEmpty() && (name.equals(opening) || name.equals(earlier));
        }
    }

    /**
     * @param path of the database, as an existing folder and a name
     * @throws StoreException when the file is in use
     */
    static StoreLock take(Path path) {
        Path file;
        try {
            Path real = Files.exists(path) ? path.toRealPath() : realFolder(path);
            file = real.resolveSibling(real.getFileName() + ".lock");
        } catch (IOException e) {
            throw new StoreException(
                    "store: "
                            + path
                            + " cannot be made: "
                            + e
                            + " (expected: a file in a folder that exists)",
                    false,
                    e);
        }
        if (!OPEN.add(file)) {
            throw new StoreException(
                    "store: "
                            + path
                            + " is open in this process already (expected: one store for each"
                            + " file; close the other one, or use another file)");
        }
        try {
            return locked(path, file);
        } catch (Throwable e) {
            OPEN.remove(file);
            throw e;
        }
    }

    private static Path realFolder(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        Path folder = absolute.getParent();
        return folder == null
                ? absolute
                : folder.toRealPath().resolve(String.valueOf(absolute.getFileName()));
    }

    private static StoreLock locked(Path path, Path file) {
        try {
            var channel =
                    FileChannel.open(
                            file,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return new StoreLock(file, channel, lock);
                }
            } catch (Throwable e) {
                channel.close();
                throw e;
            }
            channel.close();
        } catch (IOException e) {
            throw new StoreException(
                    "store: " + file + " cannot be locked: " + e + " (expected: a writable file)",
                    false,
                    e);
        }
        throw new StoreException(
                "store: "
                        + path
                        + " is in use by another process (expected: one process for each file;"
                        + " end the other one, or use another file)");
    }

    /** Returns what is remembered, or nothing when it cannot be read. */
    Memory memory() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
        int count = channel.read(bytes, 0);
        if (count <= 0) {
            return Memory.NONE;
        }
        String[] words =
                new String(bytes.array(), 0, count, StandardCharsets.US_ASCII)
                        .strip()
                        .split(" ", -1);
        try {
            return words.length == 3
                    ? new Memory(words[1], words[2].equals("-") ? "" : words[2], number(words[0]))
                    : Memory.NONE;
        } catch (NumberFormatException e) {
            return Memory.NONE;
        }
    }

    private static long number(String word) {
        return Long.parseLong(word);
    }

    /**
     * Remembers.
     *
     * @param force whether it must be on the disk now
     */
    void remember(Memory memory, boolean force) throws IOException {
        String earlier = memory.earlier.isEmpty() ? "-" : memory.earlier;
        String line = memory.head + " " + memory.opening + " " + earlier + " ".repeat(LENGTH);
        ByteBuffer bytes =
                ByteBuffer.wrap(
                        (line.substring(0, LENGTH - 1) + "\n").getBytes(StandardCharsets.US_ASCII));
        channel.write(bytes, 0);
        if (force) {
            channel.force(true);
        }
    }

    /** Releases the file. The lock file stays. */
    @Override
    public void close() throws IOException {
        try {
            lock.release();
        } finally {
            channel.close();
            OPEN.remove(file);
        }
    }
}
