package microdot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A part of a {@code multipart/form-data} body: a field of a form, or a file. The content is
 * deleted when the request has ended; if the response is a stream, when the stream has; to keep a
 * file, call {@link #saveTo}. Every method may be called from any thread.
 */
public final class Part {
    /** The bytes of content that {@link #text} returns at most: 1 MiB. */
    public static final int MAX_TEXT_BYTES = 1 << 20;

    // What common file systems allow.
    private static final int MAX_FILE_NAME_BYTES = 255;

    /** The content of a part, which is stored in memory or in a temporary file. */
    @FunctionalInterface
    public interface Content {
        /** Opens the content from its first byte. May be called several times. */
        InputStream open() throws IOException;
    }

    private final String name;
    private final @Nullable String fileName;
    private final @Nullable String contentType;
    private final Content content;

    /**
     * Creates a part, for the framework and tests.
     *
     * @param fileName the name as the client sent it; null for a field that is not a file
     */
    public Part(
            String name, @Nullable String fileName, @Nullable String contentType, Content content) {
        this.name = Required.notNull(name, "name", "the name of a field");
        this.fileName = lastSegment(fileName);
        this.contentType = contentType;
        this.content = Required.notNull(content, "content", "what opens the content");
    }

    /** Some clients send a path, and an attacker sends one that leads out of the folder. */
    private static @Nullable String lastSegment(@Nullable String fileName) {
        if (fileName == null) {
            return null;
        }
        String last = fileName.substring(fileName.lastIndexOf('/') + 1);
        last = last.substring(last.lastIndexOf('\\') + 1).replaceAll("\\p{Cntrl}", "_");
        return switch (last) {
            case "" -> null;
            case ".", ".." -> "_";
            default -> last;
        };
    }

    /** Returns the name of the form field. */
    public String name() {
        return name;
    }

    /**
     * Returns the name of the file on the client's side: only its last segment, so that it cannot
     * lead out of a folder. Control characters are replaced. Another file of the same name may
     * exist. Returns null for a field that is not a file, or for which no file was chosen.
     */
    public @Nullable String fileName() {
        return fileName;
    }

    /** Returns the content type that the client states for a file, unchecked; or null. */
    public @Nullable String contentType() {
        return contentType;
    }

    /**
     * Returns the content as text, in the charset of its content type; default UTF-8.
     *
     * @throws HttpException with status 413 when the content is larger than {@link
     *     #MAX_TEXT_BYTES}: read {@link #stream} instead; with 415 when the charset is unknown
     * @throws UncheckedIOException when the stored content cannot be read
     */
    public String text() {
        Charset charset = ContentType.charset(contentType, StandardCharsets.UTF_8);
        try (InputStream in = content.open()) {
            byte[] bytes = in.readNBytes(MAX_TEXT_BYTES + 1);
            if (bytes.length > MAX_TEXT_BYTES) {
                throw new HttpException(
                        413,
                        "part "
                                + Quoted.of(name)
                                + ": larger than "
                                + MAX_TEXT_BYTES
                                + " bytes (expected: a short text)");
            }
            return new String(bytes, charset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a new stream of the whole content. Close it after use. */
    public InputStream stream() throws IOException {
        return content.open();
    }

    /**
     * Copies the content to a file, and replaces a file that exists.
     *
     * @throws HttpException with status 400 when the name of the file has more than 255 bytes
     *     because of {@link #fileName}
     */
    public void saveTo(Path file) throws IOException {
        Required.notNull(file, "file", "a path");
        try (InputStream in = content.open()) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (FileSystemException e) {
            checkLength(String.valueOf(file.getFileName()));
            throw e;
        }
    }

    private void checkLength(String saved) {
        int bytes = saved.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_FILE_NAME_BYTES && fileName != null && saved.contains(fileName)) {
            throw new HttpException(
                    400,
                    "file name: "
                            + bytes
                            + " bytes (expected: at most "
                            + MAX_FILE_NAME_BYTES
                            + ")");
        }
    }

    /** Returns the name and the file name for a log entry. */
    @Override
    public String toString() {
        return Quoted.bare(name) + (fileName == null ? "" : " " + Quoted.of(fileName));
    }
}
