package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.stream.ChunkedWriteHandler;
import microdot.Response;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ResponseFields;
import microdot.netty.tls.TlsHandler;

/** Writes responses as HTTP/1.1. On the connection's event loop. */
final class ResponseWriter {
    // Headers accepts only valid fields: no need to validate them again.
    private static final HttpHeadersFactory UNCHECKED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private ResponseWriter() {}

    /** Writes a response that is not a stream; the future is that of its last part. */
    static ChannelFuture write(
            Channel channel, ParsedRequest request, OpenedResponse opened, boolean keepAlive) {
        HttpResponse head = head(request, opened.response(), keepAlive);
        long length = opened.length();
        if (length >= 0 && !opened.isBodiless()) {
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
        }
        channel.write(head);
        if (request.headOnly() || opened.isBodiless() || length <= 0) {
            opened.release();
        } else {
            channel.write(content(channel, opened));
        }
        return channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private static Object content(Channel channel, OpenedResponse opened) {
        if (opened.content() instanceof ByteBuf bytes) {
            return new DefaultHttpContent(bytes);
        }
        ChannelPipeline pipeline = channel.pipeline();
        if (pipeline.get(TlsHandler.class) == null) {
            return opened.content(); // The kernel sends it, as much as the socket takes.
        }
        if (pipeline.get(ChunkedWriteHandler.class) == null) {
            String encoder = pipeline.context(HttpResponseEncoder.class).name();
            pipeline.addAfter(encoder, null, new ChunkedWriteHandler());
        }
        return opened.chunks();
    }

    /** Writes the head of a stream; its body does not go through the encoder. */
    static void writeStreamHead(Channel channel, ParsedRequest request, OpenedResponse opened) {
        HttpResponse head = head(request, opened.response(), false);
        if (request.http11()) {
            head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        channel.writeAndFlush(head);
    }

    private static HttpResponse head(ParsedRequest request, Response response, boolean keepAlive) {
        var head =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(response.status()),
                        UNCHECKED);
        ResponseFields.forEach(response, (name, value) -> head.headers().add(name, value));
        head.headers().set(HttpHeaderNames.DATE, ResponseFields.date());
        if (!keepAlive) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!request.http11()) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return head;
    }

    /** Returns whether the application wants the connection to be closed after the response. */
    static boolean asksToClose(OpenedResponse opened) {
        return "close".equalsIgnoreCase(opened.response().headers().get("Connection"));
    }
}
