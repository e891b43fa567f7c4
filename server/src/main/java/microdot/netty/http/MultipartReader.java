package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpData;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder.EndOfDataDecoderException;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder.TooManyFormFieldsException;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import microdot.HttpException;
import microdot.Part;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@code multipart/form-data} body with Netty's decoder, on the thread of a handler.
 * Whoever made it must {@link #release} it.
 */
final class MultipartReader {
    /** The parts that a body may have. */
    static final int MAX_PARTS = 128;

    /** The bytes of a part that are kept in memory; the content of a larger part is a file. */
    static final int MAX_IN_MEMORY = 64 << 10;

    /** The bytes that the header fields of a part may have. */
    private static final int MAX_FIELDS = 8 << 10;

    private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);

    private final DefaultHttpRequest head;
    private final DefaultHttpDataFactory storage = new DefaultHttpDataFactory(MAX_IN_MEMORY);
    private final List<Part> parts = new ArrayList<>();
    private @Nullable HttpPostMultipartRequestDecoder decoder;

    /**
     * Creates a reader for a body.
     *
     * @param contentType of the request, which names the boundary
     */
    MultipartReader(String contentType) {
        head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        storage.setDeleteOnExit(true);
    }

    /**
     * Reads all parts.
     *
     * @throws HttpException with status 400 or 413 for what the client sent
     * @throws IOException if a part cannot be stored
     */
    List<Part> read(InputStream body) throws IOException {
        try {
            decoder =
                    new HttpPostMultipartRequestDecoder(
                            storage, head, StandardCharsets.UTF_8, MAX_PARTS, MAX_FIELDS);
            decoder.setDiscardThreshold(MAX_IN_MEMORY);
            byte[] buffer = new byte[MAX_FIELDS];
            for (int count; (count = body.read(buffer)) >= 0; ) {
                offer(decoder, buffer, count);
            }
            decoder.offer(LastHttpContent.EMPTY_LAST_CONTENT);
            if (!takeAll(decoder)) {
                throw new HttpException(400, "multipart: the body ends before its last boundary");
            }
            return parts;
        } catch (HttpException e) {
            throw e;
        } catch (TooManyFormFieldsException e) {
            throw new HttpException(413, "multipart: more than " + MAX_PARTS + " parts");
        } catch (DecoderException | IllegalArgumentException | IndexOutOfBoundsException e) {
            if (e.getCause() instanceof IOException storing) {
                throw storing;
            }
            throw new HttpException(400, "multipart: a malformed body");
        }
    }

    private static void offer(HttpPostMultipartRequestDecoder decoder, byte[] bytes, int count) {
        ByteBuf chunk = HEAP.heapBuffer(count).writeBytes(bytes, 0, count);
        try {
            decoder.offer(new DefaultHttpContent(chunk));
        } finally {
            chunk.release();
        }
    }

    /** Returns whether the last boundary has been read: only then the decoder knows no more. */
    private boolean takeAll(HttpPostMultipartRequestDecoder decoder) {
        try {
            while (decoder.hasNext()) {
                InterfaceHttpData data = decoder.next();
                if (data instanceof HttpData content) {
                    parts.add(part(content));
                }
            }
            return false;
        } catch (EndOfDataDecoderException end) {
            return true;
        }
    }

    private static Part part(HttpData data) {
        FileUpload file = data instanceof FileUpload upload ? upload : null;
        String type = file == null ? null : file.getContentType();
        // The decoder takes the charset out of the content type.
        Charset charset = data.getCharset();
        if (charset != null && !charset.equals(StandardCharsets.UTF_8)) {
            type = (type == null ? "text/plain" : type) + "; charset=" + charset.name();
        }
        return new Part(
                data.getName(), file == null ? null : file.getFilename(), type, () -> open(data));
    }

    private static InputStream open(HttpData data) throws IOException {
        return data.isInMemory()
                ? new ByteArrayInputStream(data.get())
                : Files.newInputStream(data.getFile().toPath());
    }

    /** Deletes the stored parts. */
    void release() {
        HttpPostMultipartRequestDecoder reading = decoder;
        if (reading != null) {
            decoder = null;
            reading.destroy();
        }
        storage.cleanAllHttpData();
    }
}
