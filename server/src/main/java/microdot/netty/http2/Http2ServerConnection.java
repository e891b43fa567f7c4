package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Request;
import microdot.RequestBody;
import microdot.netty.body.IncomingBody;
import microdot.netty.body.NoBody;
import microdot.netty.exchange.Exchange;
import microdot.netty.exchange.Observation;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ServerContext;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.limits.RequestMemory;
import microdot.netty.loop.Connection;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;
import microdot.netty.proxy.RequestOrigin;
import microdot.netty.stream.DeadPeerProbe;
import microdot.netty.stream.FrameOutput;
import microdot.netty.stream.FrameSink;
import microdot.netty.stream.OpenStream;
import microdot.netty.stream.StallDetector;
import org.jspecify.annotations.Nullable;

/**
 * One client's HTTP/2 connection. Each of its streams is an {@link OpenStream}: the {@link
 * RequestStream} of a request, then the {@link ResponseStream} of its response or the {@link
 * FrameSink} of a streamed body. Confined to its event loop.
 */
final class Http2ServerConnection extends Connection {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /**
     * The bytes of bodies that may wait for handlers, all streams of the connection together. Those
     * of one stream are at most the initial window, 64 KiB.
     */
    private static final int WINDOW = 1 << 20;

    /** The heads of requests that are being handled count from this size on. */
    private static final int LARGE_HEADS = 8 << 10;

    private final Channel channel;
    private final ServerContext server;
    private final LoopConnections loop;
    private final Peer peer;
    private final Http2Codec codec;
    private final PropertyKey key;
    private final FrameOutput output;
    private final StallDetector stall = new StallDetector();
    private final DeadPeerProbe probe = new DeadPeerProbe();
    private long since = System.nanoTime(); // When the last stream was closed.
    private long heads; // What the heads of the requests that are being handled take in memory.
    private long bodies;
    private boolean ending; // No further requests.
    private boolean stopping;
    private @Nullable CloseReason closing; // Why this side closes it, if it is not the usual end.
    private boolean accounted;

    private Http2ServerConnection(
            Channel channel, ServerContext server, LoopConnections loop, Peer peer) {
        this.channel = channel;
        this.server = server;
        this.loop = loop;
        this.peer = peer;
        this.codec = Http2Codec.of(server.options(), new FrameListener(this));
        this.key = codec.connection().newKey();
        channel.pipeline().addLast(codec, this);
        this.output = new FrameOutput(codec, codec.context());
    }

    /**
     * Begins HTTP/2 on a connection: adds its handlers as the last ones. The connection is closed
     * at once if the server is stopping.
     */
    static void begin(Channel channel, ServerContext server, LoopConnections loop, Peer peer) {
        var connection = new Http2ServerConnection(channel, server, loop, peer);
        connection.codec.connection().addListener(connection.new Closed());
        connection.enlargeWindow();
        if (!loop.add(connection)) {
            channel.close();
        }
    }

    private void enlargeWindow() {
        Http2LocalFlowController windows = codec.decoder().flowController();
        Http2Stream whole = codec.connection().connectionStream();
        try {
            windows.incrementWindowSize(whole, WINDOW - windows.windowSize(whole));
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // It does not overflow.
        }
        output.flush();
    }

    /** Learns of streams that are closed, for whatever cause. */
    private final class Closed extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            OpenStream open = stream.removeProperty(key);
            since = System.nanoTime();
            if (open != null) {
                open.closed(closeReason());
            }
            if (ending && codec.connection().numActiveStreams() == 0) {
                closeWhenFlushed();
            }
        }
    }

    // ---- For its streams ----

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

    /** Counts a request that is being handled; returns false if there is no memory for it. */
    boolean requestBegan(long head) {
        heads += head;
        return account();
    }

    /** The request has its response, or never gets one. */
    void requestEnded(long head) {
        heads -= head;
        account();
    }

    /** Counts bytes of bodies; returns false if there is no memory for them. */
    boolean bodyGrew(long bytes) {
        bodies += bytes;
        return account();
    }

    private boolean account() {
        long memory = (heads > LARGE_HEADS ? heads : 0) + bodies;
        if (memory == 0 && !accounted) {
            return true;
        }
        accounted = true;
        MemoryAccount account =
                loop.streams()
                        .memory()
                        .account(
                                this,
                                () ->
                                        channel.eventLoop()
                                                .execute(() -> close(CloseReason.OVER_BUDGET)));
        return account.input(memory);
    }

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

    /** Writes a response that is not a stream. */
    void respond(
            Http2Stream stream,
            OpenedResponse response,
            boolean headOnly,
            @Nullable Observation observation) {
        boolean bodiless = headOnly || response.isBodiless() || response.length() == 0;
        var written =
                new ResponseStream(
                        this, stream, response, bodiless ? 0 : response.length(), observation);
        if (stream.state() == Http2Stream.State.CLOSED) {
            written.closed(closeReason());
            return;
        }
        stream.setProperty(key, written);
        output.head(stream, ResponseHead.of(response), false);
        written.writable();
    }

    /** Writes the head of a stream, and lets its sink write the rest. */
    void beginStream(Http2Stream stream, OpenedResponse head, FrameSink sink) {
        if (stream.state() == Http2Stream.State.CLOSED) {
            sink.closed(closeReason());
            return;
        }
        stream.setProperty(key, sink);
        output.head(stream, ResponseHead.of(head), false);
        loop.streamBegan(sink::endBy);
        if (stopping) {
            sink.stop();
        }
    }

    // ---- For the frames of the client ----

    void headers(int streamId, Http2Headers fields, boolean last) {
        Http2Stream stream = codec.connection().stream(streamId);
        OpenStream open = stream.getProperty(key);
        if (open instanceof RequestStream request) {
            request.trailers();
        } else if (open == null) {
            request(stream, fields, last);
        }
    }

    private void request(Http2Stream stream, Http2Headers fields, boolean last) {
        RequestHead head;
        try {
            head = RequestHead.of(fields, server.options().maxFields());
        } catch (HttpException e) {
            refuse(stream, e, false);
            return;
        }
        boolean headOnly = head.method().equals("HEAD");
        RequestOrigin origin = peer.origin(head.headers(), head.host());
        String fault = peer.hostFault(origin.host());
        if (fault != null) {
            refuse(stream, new HttpException(421, fault), headOnly);
            return;
        }
        long memory = RequestMemory.of(head.target(), head.headers());
        String accept = head.headers().get("accept");
        var handled = new RequestStream(this, stream, headOnly, accept, memory);
        stream.setProperty(key, handled);
        IncomingBody body = last || head.fault() != null ? null : body(handled, head);
        Request request = request(head, body == null ? NoBody.INSTANCE : body, origin);
        handled.begin(new Exchange(server, request, handled, head.fault()), body);
    }

    private IncomingBody body(RequestStream handled, RequestHead head) {
        int limit = server.options().maxBody();
        return new IncomingBody(handled, head.length(), limit, head.isContinueExpected());
    }

    private static Request request(RequestHead head, RequestBody body, RequestOrigin origin) {
        return new Request(
                head.method(),
                head.target(),
                head.headers(),
                body,
                origin.client(),
                origin.scheme(),
                origin.host());
    }

    private void refuse(Http2Stream stream, HttpException fault, boolean headOnly) {
        LOG.log(
                Level.DEBUG,
                () ->
                        "a request of "
                                + channel.remoteAddress()
                                + " was refused with "
                                + fault.status()
                                + ": "
                                + fault.getMessage());
        OpenedResponse response = OpenedResponse.of(fault);
        long length = headOnly ? 0 : response.length();
        Observation.refused(server, peer.address(), fault.status(), length);
        respond(stream, response, headOnly, null);
    }

    /** Takes bytes of a body; returns how many of them the windows get back at once. */
    int data(int streamId, ByteBuf bytes, int count, boolean last) {
        Http2Stream stream = codec.connection().stream(streamId);
        // What a client sends after its response has begun fills its window, and no more.
        return stream.getProperty(key) instanceof RequestStream request
                ? request.data(bytes, count, last)
                : 0;
    }

    void windowUpdated(int streamId) {
        if (streamId == 0) {
            output.resume();
            return;
        }
        Http2Stream stream = codec.connection().stream(streamId);
        OpenStream open = stream == null ? null : stream.getProperty(key);
        if (open != null) {
            open.writable();
        }
    }

    /** The client has changed the windows of all streams. */
    void windowsChanged() {
        each(OpenStream::writable);
    }

    private void each(Consumer<OpenStream> action) {
        try {
            codec.connection()
                    .forEachActiveStream(
                            stream -> {
                                OpenStream open = stream.getProperty(key);
                                if (open != null) {
                                    action.accept(open);
                                }
                                return true;
                            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // No action throws it.
        }
    }

    /** The client broke a rule: it is told so, and its connection is closed. */
    void failed(Http2Exception fault) {
        codec.onError(codec.context(), false, fault);
    }

    // ---- From Netty ----

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        loop.remove(this);
        output.close();
        if (accounted) {
            heads = 0;
            bodies = 0;
            account();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            // Later: a stream may be writing now.
            channel.eventLoop().execute(output::resume);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            channel.close(); // It cannot enlarge windows any more.
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        loop.errors().check(cause);
        // A reset by the client is common; anything else is a fault of the server.
        Level level = cause instanceof IOException ? Level.DEBUG : Level.WARNING;
        LOG.log(
                level,
                () -> "the connection of " + channel.remoteAddress() + " failed; it is closed",
                cause);
        close(cause instanceof IOException ? CloseReason.CLIENT_CLOSED : CloseReason.FAILED);
    }

    // ---- From the event loop's list ----

    @Override
    protected void tick(long now) {
        if (!channel.isActive()) {
            return;
        }
        if (loop.streams().isGone(channel, probe, output.lastWrite(), now)) {
            LOG.log(Level.DEBUG, () -> "a client has vanished: " + channel.remoteAddress());
            close(CloseReason.CLIENT_VANISHED);
        } else if (isStalled(now)) {
            LOG.log(Level.DEBUG, () -> "a client has stalled: " + channel.remoteAddress());
            close(CloseReason.CLIENT_STALLED);
        } else if (codec.connection().numActiveStreams() > 0) {
            each(open -> open.tick(now));
        } else if (isIdle(now)) {
            goAway();
        }
    }

    private boolean isStalled(long now) {
        return loop.streams().isStalled(channel, stall, now)
                || (output.lacksWindow() && loop.streams().isStalled(output.lastWrite(), now));
    }

    private boolean isIdle(long now) {
        long longest =
                codec.decoder().prefaceReceived()
                        ? server.options().idleTimeout().toNanos()
                        : server.options().headTimeout().toNanos();
        return now - since > longest;
    }

    @Override
    protected void stop() {
        stopping = true;
        each(OpenStream::stop);
        goAway();
    }

    @Override
    protected void drain(LongSupplier ends) {
        each(open -> open.drain(ends));
        goAway();
    }

    /** Accepts no further requests, and closes the connection when there are none. */
    private void goAway() {
        if (!ending) {
            ending = true;
            codec.goAway(
                    codec.context(),
                    codec.connection().remote().lastStreamCreated(),
                    Http2Error.NO_ERROR.code(),
                    Unpooled.EMPTY_BUFFER,
                    codec.context().newPromise());
            output.flush();
        }
        if (codec.connection().numActiveStreams() == 0) {
            closeWhenFlushed();
        }
    }

    private void closeWhenFlushed() {
        // An empty write completes after the writes before it.
        output.flush();
        codec.context()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(ChannelFutureListener.CLOSE);
    }

    /** Closes the connection although the client may not have everything. */
    private void close(CloseReason reason) {
        closing = reason;
        channel.close();
    }

    @Override
    public void abort() {
        close(CloseReason.SERVER_CLOSING);
    }
}
