package microdot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Finds files and class-path resources, and the header values of their responses. */
final class StaticFiles {
    /**
     * A file or a resource.
     *
     * @param tag the value of its ETag field
     * @param modified null for a resource
     */
    record Found(Body body, String type, String tag, @Nullable Instant modified) {}

    // The types that browsers do not run or show under a wrong type, or that the JDK's table lacks.
    private static final Map<String, String> TYPES =
            Map.ofEntries(
                    Map.entry("html", "text/html; charset=UTF-8"),
                    Map.entry("css", "text/css; charset=UTF-8"),
                    Map.entry("js", "text/javascript; charset=UTF-8"),
                    Map.entry("mjs", "text/javascript; charset=UTF-8"),
                    Map.entry("json", "application/json"),
                    Map.entry("map", "application/json"),
                    Map.entry("txt", "text/plain; charset=UTF-8"),
                    Map.entry("csv", "text/csv; charset=UTF-8"),
                    Map.entry("md", "text/markdown; charset=UTF-8"),
                    Map.entry("svg", "image/svg+xml"),
                    Map.entry("webp", "image/webp"),
                    Map.entry("avif", "image/avif"),
                    Map.entry("ico", "image/x-icon"),
                    Map.entry("woff2", "font/woff2"),
                    Map.entry("wasm", "application/wasm"),
                    Map.entry("webmanifest", "application/manifest+json"));

    private static final Logger LOG = System.getLogger("microdot");
    private static final AtomicBoolean REPORTED = new AtomicBoolean();

    private StaticFiles() {}

    static Found file(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new HttpException(404);
            }
            var modified = attributes.lastModifiedTime().toInstant();
            String tag =
                    Long.toHexString(attributes.size())
                            + "-"
                            + Long.toHexString(modified.toEpochMilli());
            return new Found(
                    new Body.File(file, 0, attributes.size()),
                    type(String.valueOf(file.getFileName())),
                    "\"" + tag + "\"",
                    modified);
        } catch (IOException e) {
            throw new HttpException(404);
        }
    }

    /**
     * Finds a file below a folder; null for a folder whose path does not end with a slash, in which
     * relative links of its {@code index.html} would lead elsewhere.
     */
    static @Nullable Found below(Path folder, String path, boolean dotFiles) {
        if (!dotFiles && hasDotFile(path)) {
            throw new HttpException(404);
        }
        try {
            Path root = folder.toRealPath();
            Path wanted = root.resolve(path).normalize();
            if (!wanted.startsWith(root)) {
                throw new HttpException(404);
            }
            boolean slash = path.isEmpty() || path.endsWith("/");
            boolean isFolder = Files.isDirectory(wanted);
            if (slash && !isFolder) {
                throw new HttpException(404);
            }
            // Both the real path and the given path: a symbolic link inside may point outside.
            Path real = (isFolder ? wanted.resolve("index.html") : wanted).toRealPath();
            if (!real.startsWith(root)) {
                throw new HttpException(404);
            }
            return isFolder && !slash ? null : file(real);
        } catch (InvalidPathException e) {
            reportEncoding(path);
            throw new HttpException(404);
        } catch (IOException e) {
            throw new HttpException(404);
        }
    }

    /** What is below {@code .well-known} is public (RFC 8615). */
    private static boolean hasDotFile(String path) {
        for (String name : path.split("/", -1)) {
            boolean step = name.equals(".") || name.equals(".."); // Resolved, and checked then.
            if (name.startsWith(".") && !step && !name.equals(".well-known")) {
                return true;
            }
        }
        return false;
    }

    private static void reportEncoding(String path) {
        boolean beyondAscii = path.chars().anyMatch(c -> c > 127);
        String encoding = System.getProperty("sun.jnu.encoding");
        if (beyondAscii && !REPORTED.getAndSet(true)) {
            LOG.log(
                    Level.WARNING,
                    "a file whose name is not ASCII cannot be read: the encoding of file names is "
                            + encoding
                            + " (expected: UTF-8; set LC_ALL=C.UTF-8)");
        }
    }

    /** Finds a file as {@link #below} does. */
    static @Nullable Found resource(Class<?> anchor, String folder, String path) {
        if (List.of(path.split("[/\\\\]", -1)).contains("..") || path.indexOf(':') >= 0) {
            throw new HttpException(404);
        }
        String wanted = oneSlash("/" + folder + "/" + path);
        boolean isFolder = isFolder(anchor, wanted);
        String name = isFolder ? oneSlash(wanted + "/index.html") : wanted;
        try (InputStream in = anchor.getResourceAsStream(name)) {
            if (in == null) {
                throw new HttpException(404);
            }
            if (isFolder && !wanted.endsWith("/")) {
                return null;
            }
            byte[] bytes = in.readAllBytes();
            return new Found(new Body.Bytes(bytes), type(name), tag(bytes), null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // A class loader also opens a folder, and returns the list of its files.
    private static boolean isFolder(Class<?> anchor, String name) {
        URL url = anchor.getResource(name);
        if (url == null || name.endsWith("/")) {
            return name.endsWith("/");
        }
        return url.getProtocol().equals("file")
                ? Files.isDirectory(Path.of(URI.create(url.toString())))
                : anchor.getResource(name + "/") != null;
    }

    private static String oneSlash(String name) {
        return name.replaceAll("/{2,}", "/");
    }

    private static String tag(byte[] bytes) {
        var sum = new CRC32C();
        sum.update(bytes);
        return "\""
                + Integer.toHexString(bytes.length)
                + "-"
                + HexFormat.of().toHexDigits((int) sum.getValue())
                + "\"";
    }

    private static String type(String name) {
        int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
        String ending =
                dot < 0 ? "" : name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String known = TYPES.get(ending);
        String guessed = known != null ? known : URLConnection.guessContentTypeFromName(name);
        return guessed == null ? "application/octet-stream" : guessed;
    }
}
