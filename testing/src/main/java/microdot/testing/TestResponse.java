package microdot.testing;

import java.nio.charset.StandardCharsets;
import microdot.Headers;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/** An answer, whole. */
public final class TestResponse {
    private final int status;
    private final Headers headers;
    private final byte[] bytes;

    TestResponse(int status, Headers headers, byte[] bytes) {
        this.status = status;
        this.headers = headers;
        this.bytes = bytes;
    }

    public int status() {
        return status;
    }

    public Headers headers() {
        return headers;
    }

    /** The first value of the field, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** The body; empty when there is none. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** The body as text in UTF-8. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * The body as a value of the type.
     *
     * @throws IllegalArgumentException when it is not JSON of that type
     */
    public <T> T json(Class<T> type) {
        return JsonCodec.standard().decode(bytes, type);
    }
}
