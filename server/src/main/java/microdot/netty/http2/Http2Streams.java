package microdot.netty.http2;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.function.Consumer;
import microdot.CloseReason;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ServerContext;
import microdot.netty.limits.HandedBodies;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.loop.LoopConnections;
import microdot.netty.stream.FrameOutput;
import microdot.netty.stream.OpenStream;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one client's connection, and what they share: the output, and the memory of their
 * requests. Confined to the event loop.
 */
final class Http2Streams {
    /** Requests, and frames that wait for the socket, count from this size on. */
    private static final int LARGE = 8 << 10;

    private final Channel channel;
    private final ServerContext server;
    private final LoopConnections loop;
    private final Http2Codec codec;
    private final PropertyKey key;
    private final FrameOutput output;
    private final HandedBodies handed;
    private long requests; // What those take in memory that are being handled.
    private boolean closed;
    private boolean counted; // Something of it, in the account.
    private boolean stopping;
    private @Nullable CloseReason closing; // Why this side closes it, if it is not the usual end.

    /**
     * Creates the streams of a connection, which has none yet.
     *
     * @param codec in its pipeline already
     */
    Http2Streams(Channel channel, ServerContext server, LoopConnections loop, Http2Codec codec) {
        this.channel = channel;
        this.server = server;
        this.loop = loop;
        this.codec = codec;
        this.key = codec.connection().newKey();
        this.output = new FrameOutput(codec, codec.context(), this::account);
        this.handed = new HandedBodies(server.memory());
        codec.beforeReset(output::release);
        codec.onlyAccepted(stream -> of(stream) != null);
    }

    /**
     * Returns the stream with an id; null if it has none that is open, or its request is not read.
     */
    @Nullable OpenStream of(int id) {
        Http2Stream stream = codec.connection().stream(id);
        return stream == null ? null : of(stream);
    }

    private @Nullable OpenStream of(Http2Stream stream) {
        return stream.getProperty(key);
    }

    Http2Stream stream(int id) {
        return codec.connection().stream(id);
    }

    /** The stream goes on as another object. */
    void become(Http2Stream stream, OpenStream next) {
        stream.setProperty(key, next);
    }

    /** Returns the stream that is closed, once; null if its request was never read. */
    @Nullable OpenStream remove(Http2Stream stream) {
        return stream.removeProperty(key);
    }

    /** Returns whether either side has ended a stream before its response. */
    static boolean isClosed(Http2Stream stream) {
        return stream.state() == Http2Stream.State.CLOSED || stream.isResetSent();
    }

    int size() {
        return codec.connection().numActiveStreams();
    }

    void each(Consumer<OpenStream> action) {
        try {
            codec.connection()
                    .forEachActiveStream(
                            stream -> {
                                OpenStream open = of(stream);
                                if (open != null) {
                                    action.accept(open);
                                }
                                return true;
                            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // No action throws it.
        }
    }

    /** Closes the streams, although their clients may not have everything. */
    void closeAll() {
        try {
            codec.connection()
                    .forEachActiveStream(
                            stream -> {
                                stream.close();
                                return true;
                            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // Closing throws none.
        }
    }

    Channel channel() {
        return channel;
    }

    ServerContext server() {
        return server;
    }

    LoopConnections loop() {
        return loop;
    }

    FrameOutput output() {
        return output;
    }

    /** Returns why a client did not get its response. */
    CloseReason closeReason() {
        CloseReason reason = closing;
        return reason == null ? CloseReason.CLIENT_CLOSED : reason;
    }

    /** Returns the response that rejects a request, as its client understands. */
    OpenedResponse rejection(@Nullable String accept) {
        return OpenedResponse.rejection(server.limits().rejection(accept));
    }

    /** Closes the connection although the client may not have everything. */
    void close(CloseReason reason) {
        closing = reason;
        channel.close();
    }

    /** The server stops: streams that begin now end at once. */
    void stop() {
        stopping = true;
        each(OpenStream::stop);
    }

    boolean isStopping() {
        return stopping;
    }

    /** Returns what counts the bodies that handlers have made. From any thread. */
    HandedBodies handed() {
        return handed;
    }

    // ---- The memory of requests ----

    /**
     * Counts bytes that the requests take more, or less when negative. Returns false if there is no
     * memory for them.
     */
    boolean requestsTake(long bytes) {
        requests += bytes;
        return count();
    }

    /**
     * Counts the requests, the input that is none yet, and the frames that the socket has not
     * taken. Returns false if there is no memory for them.
     */
    private boolean count() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        long output = pending == null ? 0 : large(pending.totalPendingWriteBytes());
        long input = closed ? 0 : large(requests + codec.memory());
        if (input == 0 && output == 0 && !counted) {
            return true;
        }
        counted = input > 0 || output > 0;
        boolean allowed = account().output(output);
        return account().input(input) && allowed;
    }

    private static long large(long bytes) {
        return bytes > LARGE ? bytes : 0;
    }

    /** Returns the account of the connection, which also counts the unsent bytes of its streams. */
    private MemoryAccount account() {
        return loop.streams()
                .memory()
                .account(
                        this,
                        () -> channel.eventLoop().execute(() -> close(CloseReason.OVER_BUDGET)));
    }

    /** Counts what waits, and closes the connection if there is no memory for it. */
    void checkMemory() {
        if (!count()) {
            close(CloseReason.OVER_BUDGET);
        }
    }

    // ---- Bodies ----

    /** Gives bytes of a body back to the windows: their handler has them. */
    void consumed(Http2Stream stream, int bytes) {
        try {
            if (bytes > 0 && codec.decoder().flowController().consumeBytes(stream, bytes)) {
                output.flush();
            }
        } catch (Http2Exception e) {
            failed(e);
        }
    }

    /** Lets a client that waits for 100 send its body. */
    void writeContinue(Http2Stream stream) {
        output.head(stream, new DefaultHttp2Headers(false).status("100"), false);
    }

    /** The client's settings hold from now on; all frames before were made with the old ones. */
    void acknowledgeSettings() {
        output.release();
        codec.encoder().writeSettingsAck(codec.context(), codec.context().newPromise());
    }

    /** The client broke a rule: it learns that, and its connection is closed. */
    void failed(Http2Exception fault) {
        codec.onError(codec.context(), false, fault);
    }

    /** The connection is closed. */
    void closed() {
        output.close();
        closed = true;
        count(); // What its streams hold is given back as each is closed, after this.
    }
}
