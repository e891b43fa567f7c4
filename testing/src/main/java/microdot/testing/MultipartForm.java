package microdot.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Encodes a {@code multipart/form-data} body. */
final class MultipartForm {
    static final String BOUNDARY = "microdot-test-boundary";

    /** A part, with its content in memory. */
    @SuppressWarnings("ArrayRecordComponent") // Parts are not compared.
    record Field(
            String name, @Nullable String fileName, @Nullable String contentType, byte[] content) {}

    private MultipartForm() {}

    /** Returns the body that has these parts. */
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
}
