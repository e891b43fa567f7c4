package microdot.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import microdot.Body;
import microdot.Headers;
import microdot.JsonCodec;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/** A response with its whole body. */
public final class TestResponse {
    private static final byte[] NO_BYTES = {};

    private final int status;
    private final Headers headers;
    private final byte[] bytes;
    private final JsonCodec codec;

    private TestResponse(int status, Headers headers, byte[] bytes, JsonCodec codec) {
        this.status = status;
        this.headers = headers;
        this.bytes = bytes;
        this.codec = codec;
    }

    static TestResponse of(Response response, boolean withBody, JsonCodec codec) {
        // A 204 and a 304 have no body on the wire, whatever the handler gave (RFC 9110, section
        // 6.4.1).
        boolean bodiless = !withBody || response.status() == 204 || response.status() == 304;
        return of(response, bodiless ? NO_BYTES : content(response.body()), codec);
    }

    static TestResponse of(Response response, byte[] bytes, JsonCodec codec) {
        return new TestResponse(response.status(), response.headers(), bytes, codec);
    }

    private static byte[] content(Body body) {
        return switch (body) {
            case Body.Empty empty -> NO_BYTES;
            case Body.Bytes bytes -> bytes.bytes();
            case Body.File file -> read(file);
            case Body.Stream stream -> NO_BYTES;
        };
    }

    private static byte[] read(Body.File file) {
        try (var channel = FileChannel.open(file.path())) {
            var buffer = ByteBuffer.allocate(Math.toIntExact(file.length()));
            channel.position(file.offset());
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
            return buffer.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int status() {
        return status;
    }

    public Headers headers() {
        return headers;
    }

    /** Returns the first value of the header field, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Returns a copy of the body; empty when there is none. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Returns the body as text in UTF-8. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * Returns the body as a value of the type, read by the application's codec.
     *
     * @throws IllegalArgumentException when the body is not JSON of that type
     */
    public <T> T json(Class<T> type) {
        Given.value(type, "type", "a class such as Map.class");
        return codec.decode(bytes, type);
    }

    /** Returns the status and the text, for the message of a failing test. */
    @Override
    public String toString() {
        return status + " " + text();
    }
}
