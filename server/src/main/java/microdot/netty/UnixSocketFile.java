package microdot.netty;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a unix domain socket. It stays when its server is killed.
 *
 * @param key what identifies the file itself, whatever its name; null where the system has none
 */
record UnixSocketFile(Path path, @Nullable Object key) {
    /**
     * Gives the file that a server has just made its mode, for the owner and the group, and then
     * its name. Netty would delete whatever has the name under which it was made.
     */
    static UnixSocketFile published(Path made, Path path) throws IOException {
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-rw----"));
        Object key = attributes(made).fileKey();
        Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
        return new UnixSocketFile(path, key);
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** Deletes the file, unless it was replaced by that of another server meanwhile. */
    void delete() throws IOException {
        boolean ours =
                Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                        && Objects.equals(key, attributes(path).fileKey());
        if (ours) {
            Files.deleteIfExists(path);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }

    /** Deletes the file of a socket on which nobody listens any more. */
    static void deleteStale(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!attributes(file).isOther()) {
            throw new BindException("cannot listen on unix:" + file + ": the file is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(file));
        } catch (ConnectException nobodyListens) {
            Files.delete(file);
            return;
        } catch (SocketException unknown) { // Such as one that this user may not connect to.
            throw new BindException(
                    "cannot listen on unix:"
                            + file
                            + ": the file is there, and the connection"
                            + " to it failed: "
                            + unknown.getMessage());
        }
        throw new BindException("cannot listen on unix:" + file + ": another process does");
    }
}
