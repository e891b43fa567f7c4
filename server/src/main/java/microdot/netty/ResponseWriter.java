package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.DefaultFileRegion;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import microdot.Body;
import microdot.HttpDate;
import microdot.HttpException;
import microdot.Response;

/**
 * A response on its way: opened on the handler's thread, written on the connection's event loop.
 */
final class ResponseWriter {
    // The transport alone knows how it frames the body and what becomes of the connection.
    private static final Set<String> OURS =
            Set.of(
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "keep-alive",
                    "upgrade",
                    "trailer",
                    "date");
    // What Headers let in is valid: no need to look again.
    private static final HttpHeadersFactory UNCHECKED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private final Response response;
    private final Object content;

    /** Opens what is to be opened: this may block. */
    ResponseWriter(Response response) throws IOException {
        this.response = response;
        this.content =
                switch (response.body()) {
                    case Body.Empty empty -> Unpooled.EMPTY_BUFFER;
                    case Body.Bytes bytes -> Unpooled.wrappedBuffer(bytes.bytes());
                    case Body.File file -> region(file);
                    case Body.Stream stream -> Unpooled.EMPTY_BUFFER;
                };
    }

    private ResponseWriter(Response response, ByteBuf content) {
        this.response = response;
        this.content = content;
    }

    /** The answer to what went wrong outside the application. */
    static ResponseWriter of(HttpException fault) {
        String text = String.valueOf(fault.getMessage());
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new ResponseWriter(
                Response.text(text).status(fault.status()), Unpooled.wrappedBuffer(bytes));
    }

    private static DefaultFileRegion region(Body.File file) throws IOException {
        var channel = FileChannel.open(file.path(), StandardOpenOption.READ);
        return new DefaultFileRegion(channel, file.offset(), file.length());
    }

    /** The whole response, except a streamed body; the future is that of its last part. */
    ChannelFuture write(ChannelHandlerContext ctx, ParsedRequest incoming, boolean keepAlive) {
        HttpResponse head = head(incoming, keepAlive);
        long length = length(response.body());
        if (length >= 0 && !isBodiless()) {
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
        }
        ctx.write(head);
        if (incoming.headOnly() || isBodiless() || length <= 0) {
            release();
        } else {
            ctx.write(content instanceof ByteBuf bytes ? new DefaultHttpContent(bytes) : content);
        }
        return ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    /** The head of a streamed body, which is then written past the encoder. */
    void writeStreamHead(ChannelHandlerContext ctx, ParsedRequest incoming) {
        HttpResponse head = head(incoming, false);
        if (incoming.chunked()) {
            head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        ctx.writeAndFlush(head);
    }

    /** Gives back what was opened and will not be written. */
    void release() {
        ReferenceCountUtil.release(content);
    }

    private static long length(Body body) {
        return switch (body) {
            case Body.Empty empty -> 0;
            case Body.Bytes bytes -> bytes.bytes().length;
            case Body.File file -> file.length();
            case Body.Stream stream -> -1;
        };
    }

    private boolean isBodiless() {
        return isBodiless(response);
    }

    /** Whether the status forbids a body, and by RFC 9110 even a length. */
    static boolean isBodiless(Response response) {
        return response.status() == 204 || response.status() == 304;
    }

    private HttpResponse head(ParsedRequest incoming, boolean keepAlive) {
        var head =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(response.status()),
                        UNCHECKED);
        response.headers()
                .forEach(
                        (name, value) -> {
                            if (!OURS.contains(name.toLowerCase(Locale.ROOT))) {
                                head.headers().add(name, value);
                            }
                        });
        head.headers().set(HttpHeaderNames.DATE, Date.now());
        if (!keepAlive) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!incoming.chunked()) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return head;
    }

    boolean asksToClose() {
        return "close".equalsIgnoreCase(response.headers().get("Connection"));
    }

    /** The Date field, made once a second. */
    private record Date(long second, String text) {
        private static volatile Date last = new Date(-1, "");

        static String now() {
            long second = System.currentTimeMillis() / 1000;
            Date date = last;
            if (date.second != second) {
                date = new Date(second, HttpDate.format(Instant.now()));
                last = date;
            }
            return date.text;
        }
    }
}
