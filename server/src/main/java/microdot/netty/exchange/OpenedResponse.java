package microdot.netty.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.stream.ChunkedInput;
import io.netty.handler.stream.ChunkedStream;
import io.netty.util.ReferenceCounted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import microdot.Body;
import microdot.HttpException;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * A response with its body opened. Opening a file may block, so it happens on the handler's thread;
 * a connection writes the response on its event loop. Whoever does not write the content must
 * {@link #release} it.
 */
public final class OpenedResponse {
    /** Longer bodies in memory are sent in slices; a shorter one goes out with its head. */
    private static final int MAX_WHOLE = 64 << 10;

    /** Four records of TLS. */
    private static final int CHUNK = 64 << 10;

    private final Response response;
    private final ReferenceCounted content;

    private OpenedResponse(Response response, ReferenceCounted content) {
        this.response = response;
        this.content = content;
    }

    /** Opens the body of a response. May block. */
    static OpenedResponse open(Response response) throws IOException {
        return new OpenedResponse(
                response,
                switch (response.body()) {
                    case Body.Empty empty -> Unpooled.EMPTY_BUFFER;
                    case Body.Bytes bytes -> content(bytes.bytes());
                    case Body.File file -> region(file);
                    case Body.Stream stream -> Unpooled.EMPTY_BUFFER;
                });
    }

    /** Returns the response to a failure outside the application. */
    public static OpenedResponse of(HttpException failure) {
        String text = String.valueOf(failure.getMessage());
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new OpenedResponse(
                Response.text(text).status(failure.status()), Unpooled.wrappedBuffer(bytes));
    }

    /** Returns the response that rejects a request; its body is in memory. */
    public static OpenedResponse rejection(Response response) {
        byte[] bytes = response.body() instanceof Body.Bytes body ? body.bytes() : new byte[0];
        return new OpenedResponse(response, Unpooled.wrappedBuffer(bytes));
    }

    private static ReferenceCounted content(byte[] bytes) {
        return bytes.length > MAX_WHOLE ? new BytesRegion(bytes) : Unpooled.wrappedBuffer(bytes);
    }

    private static OpenFile region(Body.File file) throws IOException {
        return new OpenFile(
                FileChannel.open(file.path(), StandardOpenOption.READ),
                file.offset(),
                file.length());
    }

    /** Returns whether the status forbids a body and, by RFC 9110, its length too. */
    static boolean isBodiless(Response response) {
        int status = response.status();
        return status == 204 || status == 205 || status == 304;
    }

    public Response response() {
        return response;
    }

    /** Returns the body: a ByteBuf or a FileRegion; empty for a stream. */
    public ReferenceCounted content() {
        return content;
    }

    /**
     * Returns the body in chunks that are made as the client reads, for a connection whose bytes
     * the server encrypts; in place of {@link #content}, if that is a FileRegion.
     */
    public ChunkedInput<ByteBuf> chunks() {
        return switch (content) {
            case OpenFile file -> file.chunks(CHUNK);
            case BytesRegion region ->
                    new ChunkedStream(new ByteArrayInputStream(region.bytes()), CHUNK);
            default -> throw new IllegalStateException("content: " + content);
        };
    }

    /**
     * Returns the array that is kept until the client has taken all of it; null if there is none.
     */
    public byte @Nullable [] kept() {
        return content instanceof BytesRegion region && region.refCnt() > 0 ? region.bytes() : null;
    }

    /** Returns the length of the body in bytes; -1 for a stream. */
    public long length() {
        return switch (response.body()) {
            case Body.Empty empty -> 0;
            case Body.Bytes bytes -> bytes.bytes().length;
            case Body.File file -> file.length();
            case Body.Stream stream -> -1;
        };
    }

    /** Returns whether the status forbids a body. */
    public boolean isBodiless() {
        return isBodiless(response);
    }

    /** Releases a content that will not be written. */
    public void release() {
        content.release();
    }
}
