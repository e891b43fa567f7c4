package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Function;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.ServerContext;
import microdot.netty.http2.Http2Setup;
import microdot.netty.limits.LoopMemory;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.loop.Connection;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/**
 * One client's HTTP/1.1 connection: passes what happens to it to its current {@link
 * ConnectionPhase}. Confined to its event loop.
 */
final class HttpConnection extends Connection {
    private final DuplexChannel channel;
    private final ServerContext server;
    private final LoopConnections loop;
    private ConnectionPhase phase;
    private boolean inputClosed;
    private boolean stopping;
    private @Nullable CloseReason closing; // Why this side closes it, if it is not the usual end.
    private boolean accounted; // The loop's memory may have an account of this connection.

    HttpConnection(
            DuplexChannel channel,
            ServerContext server,
            LoopConnections loop,
            Function<HttpConnection, ConnectionPhase> firstPhase) {
        this.channel = channel;
        this.server = server;
        this.loop = loop;
        this.phase = firstPhase.apply(this);
    }

    // ---- For the phases ----

    DuplexChannel channel() {
        return channel;
    }

    /** Returns the TLS of the connection; null if it has none, or none yet. */
    @Nullable TlsHandler tls() {
        return channel.pipeline().get(TlsHandler.class);
    }

    ServerContext server() {
        return server;
    }

    LoopConnections loop() {
        return loop;
    }

    void become(ConnectionPhase next) {
        phase = next;
    }

    /** Returns whether the client has closed its sending side. */
    boolean isInputClosed() {
        return inputClosed;
    }

    /** Returns whether the server is stopping. */
    boolean isStopping() {
        return stopping;
    }

    /** Closes the connection although the client may not have everything. */
    void close(CloseReason reason) {
        closing = reason;
        channel.close();
    }

    /** Returns why a client did not get its response. */
    CloseReason closeReason() {
        CloseReason reason = closing;
        return reason == null ? CloseReason.CLIENT_CLOSED : reason;
    }

    /**
     * The client has begun HTTP/2 without TLS, with prior knowledge (RFC 9113, section 3.3).
     *
     * @param read what it has sent; released by the handlers that take over
     */
    void becomeHttp2(Peer peer, ByteBuf read) {
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.remove(HttpResponseEncoder.class); // It would meet the first frames.
        beginHttp2(peer);
        pipeline.context(this).fireChannelRead(read);
        pipeline.remove(StrictRequestDecoder.class);
        pipeline.remove(this);
    }

    /** The client and the server have chosen HTTP/2 by ALPN (RFC 9113, section 3.2). */
    void becomeHttp2(Peer peer) {
        beginHttp2(peer);
        channel.pipeline().remove(this);
    }

    /** Other handlers take over. */
    private void beginHttp2(Peer peer) {
        loop.remove(this);
        closeAccount();
        Http2Setup.begin(channel, server, loop, peer);
    }

    void closeWhenFlushed() {
        // An empty write completes after the writes before it.
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Sets what unfinished and waiting requests take; returns false if there is no memory. */
    boolean input(long memory) {
        return (memory == 0 && !accounted) || account().input(memory);
    }

    /**
     * Counts the bytes of a response that its socket does not take at once.
     *
     * @param kept bytes that are kept until all of them are sent; null if there are none
     */
    void output(ChannelFuture response, byte @Nullable [] kept) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        if (pending == null || pending.isEmpty()) {
            return;
        }
        boolean allowed = account().output(pending.totalPendingWriteBytes());
        response.addListener(done -> account().output(0));
        if (kept != null) {
            LoopMemory.HeldBytes held = loop.streams().memory().hold(kept);
            allowed &= account().held(held.size());
            response.addListener(
                    done -> {
                        held.leave();
                        if (accounted) {
                            account().flushed(held.size());
                        }
                    });
        }
        if (!allowed) {
            close(CloseReason.OVER_BUDGET);
        }
    }

    /** The client has read of the response that waits for it. */
    void clientReads() {
        if (accounted) {
            account().reads();
        }
    }

    /** Returns the response to input that cannot be served. */
    OpenedResponse response(ParsedRequest.Refused refused) {
        return refused.status() == 503
                ? rejection(refused.accept())
                : OpenedResponse.of(new HttpException(refused.status(), refused.reason()));
    }

    /** Returns the response that rejects a request, as its client understands. */
    OpenedResponse rejection(@Nullable String accept) {
        return OpenedResponse.rejection(server.limits().rejection(accept));
    }

    private MemoryAccount account() {
        accounted = true;
        return loop.streams()
                .memory()
                .account(
                        this,
                        () -> channel.eventLoop().execute(() -> close(CloseReason.OVER_BUDGET)));
    }

    /** Nothing of this connection's requests and responses waits any more. */
    void closeAccount() {
        if (accounted) {
            account().close();
            accounted = false;
        }
    }

    // ---- From Netty ----

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (!loop.add(this)) {
            channel.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        try {
            phase.closed(); // A server that closes waits for it until the loop has no connection.
        } finally {
            loop.remove(this);
            closeAccount();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            phase.read(message);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        phase.readComplete();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            phase.inputClosed();
        } else if (event instanceof SslHandshakeCompletionEvent handshake) {
            TlsHandler tls = tls();
            if (tls != null) {
                phase.handshake(tls, handshake.cause());
            }
        } else if (event instanceof HandshakeStart.Event) {
            phase.plainText();
        } else if (event instanceof SslCloseCompletionEvent && !phase.isEnding()) {
            // The client's close_notify. A TLS engine takes no further response after it.
            channel.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        loop.errors().check(cause);
        if (phase.failed(cause)) {
            return;
        }
        close(failed(channel, cause));
    }

    // ---- From the event loop's list ----

    @Override
    protected void tick(long now) {
        if (channel.isActive()) {
            phase.tick(now);
        }
    }

    @Override
    protected void stop() {
        stopping = true;
        phase.stop();
    }

    @Override
    protected void drain(LongSupplier ends) {
        phase.drain(ends);
    }

    @Override
    public void abort() {
        close(CloseReason.SERVER_CLOSING);
    }
}
