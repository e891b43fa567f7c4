package benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection with several streams. Its windows are as large as those of Chromium. */
final class SecureHttp2 extends Http2ConnectionHandler {
    private static final int STREAM_WINDOW = 6 << 20;
    private static final int CONNECTION_WINDOW = 15 << 20;

    private final Http2Connection.PropertyKey receiverKey;
    private final Consumer<Throwable> failed;
    private final List<Runnable> early = new ArrayList<>();
    private @Nullable ChannelHandlerContext context;
    private int opened;

    private SecureHttp2(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Http2Connection.PropertyKey receiverKey,
            Consumer<Throwable> failed) {
        super(decoder, encoder, settings);
        this.receiverKey = receiverKey;
        this.failed = failed;
    }

    /**
     * @param failed gets what is no fault of a stream: an error of the connection
     * @param buffer shared by all connections of the thread
     */
    static SecureHttp2 create(Consumer<Throwable> failed, byte[] buffer) {
        return new Builder(failed, buffer).build();
    }

    /** Returns how many streams this connection has been asked for. */
    int opened() {
        return opened;
    }

    void open(String path, Connections.Receiver receiver) {
        opened++;
        if (context == null) {
            early.add(() -> request(path, receiver));
        } else {
            request(path, receiver);
        }
    }

    private void request(String path, Connections.Receiver receiver) {
        ChannelHandlerContext current = Objects.requireNonNull(context);
        Http2Headers headers =
                new DefaultHttp2Headers()
                        .method("GET")
                        .scheme("https")
                        .authority("localhost")
                        .path(path)
                        .add("accept", "text/event-stream");
        int id = connection().local().incrementAndGetNextStreamId();
        encoder()
                .writeHeaders(current, id, headers, 0, true, current.newPromise())
                .addListener(
                        sent -> {
                            if (!sent.isSuccess()) {
                                failed.accept(sent.cause());
                            }
                        });
        Http2Stream stream = connection().stream(id);
        if (stream != null) {
            stream.setProperty(receiverKey, receiver);
        }
        current.flush();
    }

    /** The preface has been written; the requests follow it in the same TLS record or the next. */
    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        super.channelActive(context);
        this.context = context;
        connection()
                .local()
                .flowController()
                .incrementWindowSize(
                        connection().connectionStream(), CONNECTION_WINDOW - (1 << 16) + 1);
        early.forEach(Runnable::run);
        early.clear();
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext context,
            boolean outbound,
            Throwable cause,
            @Nullable Http2Exception http2) {
        failed.accept(cause);
        super.onConnectionError(context, outbound, cause, http2);
    }

    private static final class Builder
            extends AbstractHttp2ConnectionHandlerBuilder<SecureHttp2, Builder> {
        private final Consumer<Throwable> failed;
        private final byte[] buffer;

        Builder(Consumer<Throwable> failed, byte[] buffer) {
            this.failed = failed;
            this.buffer = buffer;
        }

        @Override
        protected SecureHttp2 build() {
            server(false);
            initialSettings(
                    new Http2Settings().pushEnabled(false).initialWindowSize(STREAM_WINDOW));
            gracefulShutdownTimeoutMillis(0);
            return super.build();
        }

        @Override
        protected SecureHttp2 build(
                Http2ConnectionDecoder decoder,
                Http2ConnectionEncoder encoder,
                Http2Settings settings) {
            Http2Connection connection = encoder.connection();
            Http2Connection.PropertyKey key = connection.newKey();
            frameListener(new Frames(connection, key, buffer));
            connection.addListener(
                    new Http2ConnectionAdapter() {
                        @Override
                        public void onStreamClosed(Http2Stream stream) {
                            Connections.Receiver receiver = stream.getProperty(key);
                            if (receiver != null) {
                                receiver.ended();
                            }
                        }
                    });
            return new SecureHttp2(decoder, encoder, settings, key, failed);
        }
    }

    /** Passes heads and bodies on to the receivers of the streams. */
    private static final class Frames extends Http2FrameAdapter {
        private final Http2Connection connection;
        private final Http2Connection.PropertyKey key;
        private final byte[] buffer;

        Frames(Http2Connection connection, Http2Connection.PropertyKey key, byte[] buffer) {
            this.connection = connection;
            this.key = key;
            this.buffer = buffer;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int id,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end) {
            onHeadersRead(context, id, headers, padding, end);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext context,
                int id,
                Http2Headers headers,
                int padding,
                boolean end) {
            CharSequence status = headers.status();
            if (status != null) { // Trailers have none.
                receiver(id).begun(Integer.parseInt(status, 0, status.length(), 10));
            }
        }

        @Override
        public int onDataRead(
                ChannelHandlerContext context, int id, ByteBuf data, int padding, boolean end) {
            int taken = data.readableBytes() + padding;
            SecureHandler.pass(data, receiver(id), buffer);
            return taken;
        }

        private Connections.Receiver receiver(int id) {
            Connections.Receiver receiver = connection.stream(id).getProperty(key);
            return Objects.requireNonNull(receiver);
        }
    }
}
