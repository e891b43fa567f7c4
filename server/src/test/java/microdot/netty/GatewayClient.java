package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/** A client of the {@link Http2Gateway}. Confined to its loop. */
final class GatewayClient extends ChannelInboundHandlerAdapter {
    private static final int NONE = 0;

    /** The client is not read while so many bytes of its body wait for the server. */
    private static final int MOST_UNSENT = 1 << 20;

    private static final Set<String> OF_THE_CONNECTION =
            Set.of("connection", "host", "keep-alive", "transfer-encoding", "upgrade");

    /** The server writes these in lower case over HTTP/1.1. */
    private static final Set<String> LOWER_CASE = Set.of("content-length", "date");

    private final Channel channel;
    private final Queue<HttpObject> waiting = new ArrayDeque<>();
    private final GatewayConnection connection;
    private boolean halfClosed;
    private boolean left; // Or the gateway is done with it.
    private int unsent;

    // The request that is under way.
    private int stream = NONE;
    private boolean http11;
    private boolean keepAlive;
    private boolean requestWhole;
    private boolean headOnly;
    private boolean streamed;
    private boolean bodiless;

    GatewayClient(Http2Gateway gateway, Channel channel) {
        this.channel = channel;
        this.connection = gateway.connection();
    }

    // ---- From the client ----

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        connection.join(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (left) {
            ReferenceCountUtil.release(message);
            return;
        }
        waiting.add((HttpObject) message);
        next();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            halfClosed = true;
            if (stream != NONE && streamed) {
                cancel();
            }
            next();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leave();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        leave();
        channel.close();
    }

    private void leave() {
        if (stream != NONE) {
            connection.cancel(stream);
            stream = NONE;
        }
        left = true;
        for (HttpObject object : waiting) {
            ReferenceCountUtil.release(object);
        }
        waiting.clear();
        connection.leave(this);
    }

    /** Resets the stream; the client sees that its response is not whole. */
    private void cancel() {
        int cancelled = stream;
        stream = NONE;
        connection.cancel(cancelled);
        lost();
    }

    /** Sends what the client has sent, as far as the server is ready for it. */
    void next() {
        while (connection.isReady() && !left && !waiting.isEmpty()) {
            if (waiting.peek() instanceof HttpRequest && stream != NONE) {
                return; // It waits for the response to the one before.
            }
            HttpObject object = waiting.remove();
            if (object instanceof HttpRequest request) {
                if (connection.isEnding()) {
                    end();
                } else {
                    begin(request);
                }
            } else {
                content((HttpContent) object);
            }
        }
        boolean idle = stream == NONE && waiting.isEmpty();
        if (!left && idle && (halfClosed || connection.isEnding())) {
            end();
        }
    }

    private void begin(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            throw new AssertionError(request.decoderResult().toString());
        }
        http11 = request.protocolVersion().isKeepAliveDefault();
        keepAlive = HttpUtil.isKeepAlive(request);
        headOnly = request.method().name().equals("HEAD");
        streamed = false;
        bodiless = false;
        requestWhole =
                !HttpUtil.isTransferEncodingChunked(request)
                        && HttpUtil.getContentLength(request, 0L) == 0;
        String host = request.headers().get(HttpHeaderNames.HOST, "localhost");
        var head = new DefaultHttp2Headers(false);
        head.method(request.method().name()).path(request.uri()).scheme("http").authority(host);
        for (Map.Entry<String, String> field : request.headers()) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (!OF_THE_CONNECTION.contains(name)) {
                head.add(name, field.getValue());
            }
        }
        stream = connection.request(this, head, requestWhole);
    }

    private void content(HttpContent content) {
        if (stream == NONE || requestWhole) {
            content.release(); // The response came before it.
            return;
        }
        if (content.decoderResult().isFailure()) {
            content.release(); // It closed its side: the server may respond before the rest.
            return;
        }
        boolean last = content instanceof LastHttpContent;
        requestWhole = last;
        int count = content.content().readableBytes();
        unsent += count;
        channel.config().setAutoRead(unsent < MOST_UNSENT);
        connection
                .send(stream, content.content(), last)
                .addListener(
                        done -> {
                            unsent -= count;
                            channel.config().setAutoRead(left || unsent < MOST_UNSENT);
                        });
    }

    // ---- From the server ----

    void head(Http2Headers fields, boolean last) {
        int status = Integer.parseInt(fields.status().toString());
        var text = new StringBuilder();
        text.append("HTTP/1.1 ").append(HttpResponseStatus.valueOf(status)).append("\r\n");
        if (status >= 200) {
            bodiless = headOnly || status == 204 || status == 205 || status == 304;
            streamed = !last && !bodiless && !fields.contains(HttpHeaderNames.CONTENT_LENGTH);
            // The server has not taken the whole request while some of it is unsent.
            keepAlive &= requestWhole && unsent == 0 && !streamed && !connection.isEnding();
            fields(fields, text);
        }
        write(text.append("\r\n").toString());
        channel.flush();
        if (last) {
            whole();
        } else if (streamed && halfClosed) {
            cancel();
        }
    }

    private void fields(Http2Headers fields, StringBuilder text) {
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            String name = field.getKey().toString();
            if (name.chars().anyMatch(c -> c >= 'A' && c <= 'Z')) {
                throw new AssertionError("a field name with capitals: " + name);
            }
            if (!name.startsWith(":")) {
                String shown = LOWER_CASE.contains(name) ? name : capitals(name);
                text.append(shown).append(": ").append(field.getValue()).append("\r\n");
            }
        }
        if (streamed && http11) {
            text.append("transfer-encoding: chunked\r\n");
        } else if (!streamed && !keepAlive) {
            text.append("connection: close\r\n");
        } else if (!streamed && !http11) {
            text.append("connection: keep-alive\r\n");
        }
    }

    private static String capitals(String name) {
        var all = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            boolean first = i == 0 || name.charAt(i - 1) == '-';
            all.append(first ? Character.toUpperCase(name.charAt(i)) : name.charAt(i));
        }
        return all.toString();
    }

    void body(Http2Stream from, ByteBuf data, boolean last) {
        int count = data.readableBytes();
        if (count > 0 && !bodiless) {
            boolean chunk = streamed && http11;
            if (chunk) {
                write(Integer.toHexString(count) + "\r\n");
            }
            channel.write(data.retain()).addListener(written -> connection.consumed(from, count));
            if (chunk) {
                write("\r\n");
            }
            channel.flush();
        } else if (count > 0) {
            throw new AssertionError("a body of " + count + " bytes (expected: none)");
        }
        if (last) {
            whole();
        }
    }

    private void whole() {
        if (streamed && http11) {
            write("0\r\n\r\n");
        }
        connection.done(stream);
        stream = NONE;
        channel.flush();
        if (keepAlive) {
            next();
        } else {
            end();
        }
    }

    private void write(String text) {
        channel.write(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    /** The response is whole, and there will be no other: the client closes. */
    private void end() {
        leave();
        channel.config().setAutoRead(true); // What it still sends is dropped.
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(
                        done -> {
                            if (halfClosed) {
                                channel.close();
                            } else {
                                ((SocketChannel) channel).shutdownOutput();
                            }
                        });
    }

    /** The server has ended the stream or the connection before the end of the response. */
    void lost() {
        stream = NONE;
        leave();
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
}
