package microdot.testing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import microdot.Part;
import microdot.RequestBody;
import org.jspecify.annotations.Nullable;

/**
 * A body in memory. The parts of a form are handed over as the test gave them: only a server parses
 * multipart bodies.
 */
final class TestBody implements RequestBody {
    static final String BOUNDARY = "microdot-test-boundary";

    /** A part, with its content in memory. */
    @SuppressWarnings("ArrayRecordComponent") // Parts are not compared.
    record Field(
            String name, @Nullable String fileName, @Nullable String contentType, byte[] content) {}

    private final byte[] bytes;
    private final List<Field> fields;

    TestBody(byte[] bytes, List<Field> fields) {
        this.bytes = bytes;
        this.fields = fields;
    }

    /** Encodes the parts, for handlers that read the body as bytes. */
    static byte[] encode(List<Field> fields) {
        var out = new ByteArrayOutputStream();
        for (Field field : fields) {
            String head =
                    "--"
                            + BOUNDARY
                            + "\r\nContent-Disposition: form-data; name=\""
                            + escaped(field.name())
                            + "\""
                            + (field.fileName() == null
                                    ? ""
                                    : "; filename=\"" + escaped(field.fileName()) + "\"")
                            + (field.contentType() == null
                                    ? ""
                                    : "\r\nContent-Type: " + field.contentType())
                            + "\r\n\r\n";
            out.writeBytes(head.getBytes(StandardCharsets.UTF_8));
            out.writeBytes(field.content());
            out.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        out.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    /** As browsers do. */
    private static String escaped(String name) {
        return name.replace("\r", "%0D").replace("\n", "%0A").replace("\"", "%22");
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public long limit() {
        return Long.MAX_VALUE;
    }

    @Override
    public InputStream open() {
        return new ByteArrayInputStream(bytes);
    }

    @Override
    public List<Part> parts(InputStream body, String contentType) throws IOException {
        if (fields.isEmpty()) {
            throw new UnsupportedOperationException(
                    "parts: a body of bytes (expected: parts added with part or file)");
        }
        // Read as by a server, so that the limit of the route counts.
        body.transferTo(OutputStream.nullOutputStream());
        return fields.stream().map(TestBody::part).toList();
    }

    private static Part part(Field field) {
        return new Part(
                field.name(),
                field.fileName(),
                field.contentType(),
                () -> new ByteArrayInputStream(field.content()));
    }
}
