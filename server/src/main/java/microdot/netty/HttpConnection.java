package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import microdot.HttpException;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes its requests one after another and answers in that order.
 * Everything here runs on the connection's event loop; what runs on the request's virtual thread is
 * {@link Exchange}.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger("microdot.netty");

    // Beyond what one read may bring: a client that sends ahead this far is told to wait by TCP.
    private static final int MAX_WAITING = 64;
    // What a client may send behind a stream's request, where nobody will read it.
    private static final int MAX_DROPPED = 64 << 10;
    // How long the end of a refused request is awaited, however much comes: a close with unread
    // bytes would destroy the answer on its way.
    private static final long LINGER = TimeUnit.SECONDS.toNanos(2);

    private final LoopConnections loop;
    private final HandlerThreads handlers;
    private final StreamLimits admission;
    private final ServerOptions options;
    private @Nullable StrictRequestDecoder decoder;
    private @Nullable Queue<ParsedRequest> waiting = new ArrayDeque<>(2);
    private long waitingBytes;
    private @Nullable ChannelHandlerContext context;
    private @Nullable RequestReader reader;
    private @Nullable ChannelSink sink;
    private final DeadPeerProbe halfOpen = new DeadPeerProbe();
    private @Nullable StallDetector stall; // Made when something first waits to be read.
    private ConnectionPhase phase = ConnectionPhase.IDLE;
    private long since = System.nanoTime();
    private long dropped;
    private boolean inputClosed;
    private boolean stopping;
    int index; // LoopConnections': where it stands in the list.

    HttpConnection(
            LoopConnections loop,
            HandlerThreads handlers,
            StreamLimits admission,
            ServerOptions options,
            StrictRequestDecoder decoder) {
        this.loop = loop;
        this.handlers = handlers;
        this.admission = admission;
        this.options = options;
        this.decoder = decoder;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        reader =
                new RequestReader(
                        options.maxBody(), ((SocketChannel) ctx.channel()).remoteAddress());
        if (!loop.add(this)) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (context == null) {
            return; // It never became active.
        }
        loop.remove(this);
        if (waiting != null) {
            waiting.clear();
        }
        if (sink != null) {
            sink.closed();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (phase == ConnectionPhase.STREAMING || phase == ConnectionPhase.LINGERING) {
                drop(ctx, message);
            } else if (message instanceof HttpObject part) {
                read(ctx, part);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void read(ChannelHandlerContext ctx, HttpObject part) {
        ParsedRequest incoming = reader().read(part);
        if (incoming == null) {
            inviteBody(ctx);
            return;
        }
        decoder().restart();
        waiting().add(incoming);
        waitingBytes += incoming.size();
        if (waiting().size() >= MAX_WAITING || waitingBytes > options.maxBody()) {
            ctx.channel().config().setAutoRead(false);
        }
        next(ctx);
    }

    private void drop(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            dropped += bytes.readableBytes();
        } else if (message instanceof ByteBufHolder holder) {
            dropped += holder.content().readableBytes();
        }
        if (phase == ConnectionPhase.STREAMING && dropped > MAX_DROPPED) {
            ctx.close();
        }
    }

    /** Says 100 when the client waits for it and its turn has come. */
    private void inviteBody(ChannelHandlerContext ctx) {
        if (phase == ConnectionPhase.IDLE && waiting().isEmpty() && reader().takeExpectation()) {
            ctx.writeAndFlush(
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.CONTINUE,
                            Unpooled.EMPTY_BUFFER));
        }
    }

    private void next(ChannelHandlerContext ctx) {
        if (phase != ConnectionPhase.IDLE) {
            return;
        }
        switch (waiting().poll()) {
            case null -> inviteBody(ctx);
            case ParsedRequest.Whole whole -> {
                phase = ConnectionPhase.BUSY;
                waitingBytes -= whole.size();
                new Exchange(this, handlers, admission, options, ctx, whole).run();
            }
            case ParsedRequest.Refused refused -> refuse(ctx, refused);
        }
    }

    /** Writes a response that is no stream. */
    void answer(ChannelHandlerContext ctx, ParsedRequest.Whole incoming, ResponseWriter writer) {
        boolean last =
                !incoming.keepAlive()
                        || (inputClosed && waiting().isEmpty())
                        || stopping
                        || writer.asksToClose();
        ChannelFuture written = writer.write(ctx, incoming, !last);
        since = System.nanoTime();
        if (last) {
            linger(ctx, written);
        } else {
            phase = ConnectionPhase.WRITING;
            written.addListener(done -> written(ctx, done.isSuccess()));
        }
    }

    /**
     * The answer is out, and only now the next request is taken: a client that asks on and on and
     * reads nothing would have us keep all its answers.
     */
    private void written(ChannelHandlerContext ctx, boolean success) {
        if (stopping || phase != ConnectionPhase.WRITING) {
            return; // The connection is being closed.
        }
        since = System.nanoTime();
        phase = ConnectionPhase.IDLE;
        if (!success || (inputClosed && waiting().isEmpty())) {
            ctx.close();
            return;
        }
        if (waiting().isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
        next(ctx);
    }

    /** A stream's way to this connection. From any thread. */
    ChannelSink sink(ChannelHandlerContext ctx, ParsedRequest.Whole incoming) {
        return new ChannelSink(ctx, options.streamBuffer(), incoming.chunked(), loop, handlers);
    }

    /** Writes the head of a stream, and leaves the connection to it. */
    void beginStream(
            ChannelHandlerContext ctx,
            ParsedRequest.Whole incoming,
            ResponseWriter writer,
            ChannelSink out) {
        if (!ctx.channel().isActive() || inputClosed) {
            out.closed();
            ctx.close();
            return;
        }
        phase = ConnectionPhase.STREAMING;
        sink = out;
        writer.writeStreamHead(ctx, incoming);
        // What the decoder still holds comes back to channelRead, and is dropped there.
        ctx.pipeline().remove(decoder());
        ctx.pipeline().remove(HttpResponseEncoder.class);
        ctx.channel().config().setAutoRead(true);
        // A stream may last for days, and needs none of them.
        decoder = null;
        reader = null;
        waiting = null;
        loop.began(this);
        if (stopping) {
            out.closeWithRetry(admission::reconnectDelay);
        }
    }

    private void refuse(ChannelHandlerContext ctx, ParsedRequest.Refused refused) {
        waiting().clear();
        LOG.log(Level.DEBUG, () -> ctx.channel().remoteAddress() + " was refused: " + refused);
        var answer = ResponseWriter.of(new HttpException(refused.status(), refused.reason()));
        linger(ctx, answer.write(ctx, refused, false));
    }

    /**
     * Ends the connection when the answer is out and the client has ended too, or does not within a
     * bound.
     */
    private void linger(ChannelHandlerContext ctx, ChannelFuture written) {
        phase = ConnectionPhase.LINGERING;
        since = System.nanoTime();
        ctx.channel().config().setAutoRead(true);
        if (inputClosed) {
            written.addListener(ChannelFutureListener.CLOSE);
        } else {
            written.addListener(
                    done -> {
                        since = System.nanoTime();
                        ((SocketChannel) ctx.channel()).shutdownOutput();
                    });
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            switch (phase) {
                case BUSY, WRITING -> {} // Who has ended before the answer waits for it.
                case STREAMING -> ctx.close(); // Who has ended a stream has left it.
                case IDLE, LINGERING -> closeWhenFlushed(ctx);
            }
        }
    }

    private static void closeWhenFlushed(ChannelHandlerContext ctx) {
        // An empty write is done when those before it are.
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset by the client is everyday; anything else is a fault of ours.
        Level level = cause instanceof IOException ? Level.DEBUG : Level.WARNING;
        LOG.log(
                level,
                () -> "the connection of " + ctx.channel().remoteAddress() + " failed",
                cause);
        ctx.close();
    }

    /** Ends it at once, from any thread. */
    void cut() {
        Objects.requireNonNull(context).close();
    }

    /** Looks whether something is overdue. */
    void tick(long now) {
        ChannelHandlerContext ctx = context;
        if (ctx == null || !ctx.channel().isActive()) {
            return;
        }
        switch (phase) {
            case IDLE -> tickIdle(ctx, now);
            case BUSY -> {}
            case WRITING -> closeWhenStalled(ctx, now);
            case STREAMING -> tickStream(ctx, now);
            case LINGERING -> {
                closeWhenStalled(ctx, now);
                if (!StallDetector.isWriting(ctx.channel()) && now - since > LINGER) {
                    ctx.close();
                }
            }
        }
    }

    private void closeWhenStalled(ChannelHandlerContext ctx, long now) {
        if (stall == null) {
            stall = new StallDetector();
        }
        if (stall.lasts(ctx.channel(), now, options.idleTimeout().toNanos())) {
            ctx.close();
        }
    }

    private void tickIdle(ChannelHandlerContext ctx, long now) {
        long headAt = reader().headAt();
        long byteAt = decoder().firstByteAt();
        if (headAt != 0) {
            if (now - later(headAt, since) > options.bodyTimeout().toNanos()) {
                refuse(ctx, reader().refuse(408, "the body came too slowly"));
            }
        } else if (byteAt != 0) {
            if (now - later(byteAt, since) > options.headTimeout().toNanos()) {
                refuse(ctx, reader().refuse(408, "the head came too slowly"));
            }
        } else if (now - since > options.idleTimeout().toNanos()) {
            ctx.close();
        }
    }

    // While the answer before it was under way, a request was perhaps not even read.
    private static long later(long one, long other) {
        return one - other > 0 ? one : other;
    }

    private void tickStream(ChannelHandlerContext ctx, long now) {
        ChannelSink out = sink;
        if (out == null) {
            return;
        }
        if (!out.isOpen()) {
            closeWhenStalled(ctx, now);
            return;
        }
        out.tick(now, options.heartbeat().toNanos(), admission::reconnectDelay);
        if (loop.isGone(ctx.channel(), halfOpen, out.lastWrite(), now)) {
            LOG.log(
                    Level.DEBUG,
                    () -> "the peer of a stream has vanished: " + ctx.channel().remoteAddress());
            ctx.close();
        }
    }

    /** The server stops: ends what is idle or a stream; what is handled gets its answer first. */
    void stop() {
        stopping = true;
        ChannelHandlerContext ctx = context;
        if (ctx != null && phase != ConnectionPhase.BUSY && phase != ConnectionPhase.STREAMING) {
            closeWhenFlushed(ctx);
        }
        if (sink != null) {
            sink.closeWithRetry(admission::reconnectDelay);
        }
    }

    void endStreamAt(Instant time) {
        if (sink != null) {
            sink.endAt(time);
        }
    }

    private RequestReader reader() {
        return Objects.requireNonNull(reader, "no connection yet, or a stream by now");
    }

    private Queue<ParsedRequest> waiting() {
        return Objects.requireNonNull(waiting, "a stream by now, or gone");
    }

    private StrictRequestDecoder decoder() {
        return Objects.requireNonNull(decoder, "a stream by now");
    }
}
