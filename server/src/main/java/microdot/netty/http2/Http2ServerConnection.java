package microdot.netty.http2;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.netty.exchange.ServerContext;
import microdot.netty.loop.Connection;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;
import microdot.netty.stream.DeadPeerProbe;
import microdot.netty.stream.FrameOutput;
import microdot.netty.stream.OpenStream;
import microdot.netty.stream.StallDetector;
import microdot.netty.tls.TlsHandler;

/**
 * One client's HTTP/2 connection. Each of its streams is an {@link OpenStream}: the {@link
 * RequestStream} of a request, then the {@link ResponseStream} of its response, or the {@link
 * microdot.netty.stream.FrameSink} of a streamed body. Confined to its event loop.
 */
final class Http2ServerConnection extends Connection {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /**
     * The bytes of bodies that may wait for handlers, all streams of the connection together. Those
     * of one stream are at most the initial window, 64 KiB.
     */
    private static final int WINDOW = 1 << 20;

    private final DuplexChannel channel;
    private final ServerContext server;
    private final LoopConnections loop;
    private final Http2Codec codec;
    private final Http2Streams streams;
    private final FrameOutput output;
    private final StallDetector stall = new StallDetector();
    private final DeadPeerProbe probe = new DeadPeerProbe();
    private long since = System.nanoTime(); // When the last stream was closed.
    private boolean ending; // No further requests.
    private boolean lingering; // Everything is written; the client's end is awaited.

    private Http2ServerConnection(
            DuplexChannel channel, ServerContext server, LoopConnections loop, Peer peer) {
        this.channel = channel;
        this.server = server;
        this.loop = loop;
        this.codec = Http2Codec.of(server.options());
        channel.pipeline().addLast(codec);
        this.streams = new Http2Streams(channel, server, loop, codec);
        this.output = streams.output();
        var requests = new RequestFrames(streams, peer);
        codec.decoder().frameListener(new FrameListener(streams, requests));
        codec.whenHeadRefused(requests::headRefused);
        codec.connection().addListener(new Closed());
        codec.whenFailed(this::failed);
    }

    /**
     * Begins HTTP/2 on a connection: adds its handlers as the last ones. The connection is closed
     * at once if the server is stopping.
     */
    static void begin(
            DuplexChannel channel, ServerContext server, LoopConnections loop, Peer peer) {
        var connection = new Http2ServerConnection(channel, server, loop, peer);
        channel.pipeline().addLast(connection);
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
            OpenStream open = streams.remove(stream);
            since = System.nanoTime();
            if (open != null) {
                open.closed(streams.closeReason());
            }
            if (ending && streams.size() == 0) {
                linger();
            }
        }
    }

    // ---- From Netty ----

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        try {
            streams.closed(); // A server that closes waits for it until the loop has no connection.
        } finally {
            loop.remove(this);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (codec.memory() > 0) {
            streams.checkMemory();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        streams.checkMemory();
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
        streams.close(failed(channel, cause));
    }

    // ---- From the event loop's list ----

    @Override
    protected void tick(long now) {
        if (!channel.isActive()) {
            return;
        }
        streams.checkMemory();
        if (loop.streams().isGone(channel, probe, output.lastWrite(), now)) {
            LOG.log(Level.DEBUG, () -> "a client has vanished: " + channel.remoteAddress());
            streams.close(CloseReason.CLIENT_VANISHED);
        } else if (isStalled(now)) {
            LOG.log(Level.DEBUG, () -> "a client has stalled: " + channel.remoteAddress());
            streams.close(CloseReason.CLIENT_STALLED);
        } else if (lingering) {
            if (now - since > LONGEST_LINGER && !StallDetector.isWriting(channel)) {
                channel.close();
            }
        } else if (codec.isHeadLate(now, server.options().headTimeout().toNanos())) {
            streams.failed(
                    Http2Exception.connectionError(
                            Http2Error.ENHANCE_YOUR_CALM, "a head came too slowly"));
        } else if (streams.size() > 0) {
            streams.each(open -> open.tick(now));
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
        streams.stop();
        goAway();
    }

    @Override
    protected void drain(LongSupplier ends) {
        streams.each(open -> open.drain(ends));
        goAway();
    }

    /**
     * Asks the client to begin no further requests, and closes the connection when there are none.
     * Those that were in flight are handled (RFC 9113, section 6.8).
     */
    private void goAway() {
        if (!ending) {
            ending = true;
            if (streams.size() > 0) {
                goAway(Integer.MAX_VALUE);
            }
        }
        if (streams.size() == 0) {
            linger();
        }
    }

    private void goAway(int lastStream) {
        codec.goAway(
                codec.context(),
                lastStream,
                Http2Error.NO_ERROR.code(),
                Unpooled.EMPTY_BUFFER,
                codec.context().newPromise());
        output.flush();
    }

    /**
     * The client broke a rule, and has its GOAWAY: its streams end. If the connection were closed
     * at once, its unread input would send a reset, which can destroy the GOAWAY.
     */
    private void failed() {
        ending = true;
        streams.closeAll();
        linger();
    }

    /**
     * Ends this side after what was written, and waits for the client to end its own. Closing the
     * connection with unread input, such as windows that the client enlarges, would send a reset,
     * which can destroy the last events in flight. So would a response to a frame that comes now.
     */
    private void linger() {
        if (lingering) {
            return;
        }
        lingering = true;
        if (!codec.hasFailed()) {
            goAway(codec.connection().remote().lastStreamCreated());
        }
        codec.ignoreInput();
        output.flush();
        // An empty write completes after the writes before it.
        codec.context()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(
                        done -> {
                            since = System.nanoTime();
                            TlsHandler.endOutput(channel);
                        });
    }

    @Override
    public void abort() {
        streams.close(CloseReason.SERVER_CLOSING);
    }
}
