package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
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
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import microdot.Body;
import microdot.HttpException;
import microdot.Response;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: takes its requests one after another and answers in that order.
 * Everything here runs on the connection's event loop, except what says that it runs on the
 * request's virtual thread.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger("microdot.netty");

    // Beyond what one read may bring: a client that sends ahead this far is told to wait by TCP.
    private static final int MAX_WAITING = 64;
    // What a client may send that nobody will read: behind a stream's request, or after a refusal.
    private static final int MAX_DROPPED = 64 << 10;
    // How long the end of a refused request is awaited: a close with unread bytes would destroy the
    // answer on its way.
    private static final long LINGER = TimeUnit.SECONDS.toNanos(2);

    private enum Phase {
        /** Waits for a request, or reads one. */
        IDLE,
        /** A request is being handled. */
        BUSY,
        /** The last response of this connection is a stream. */
        STREAMING,
        /** The last answer is given; what still comes is dropped. */
        LINGERING
    }

    private final LoopConnections loop;
    private final Handlers handlers;
    private final Admission admission;
    private final ServerOptions options;
    private final StrictRequestDecoder decoder;
    private final Queue<Incoming> waiting = new ArrayDeque<>(2);
    private @Nullable ChannelHandlerContext context;
    private @Nullable RequestReader reader;
    private @Nullable ChannelSink sink;
    private final HalfOpen halfOpen = new HalfOpen();
    private Phase phase = Phase.IDLE;
    private long since = System.nanoTime();
    private long progress;
    private int dropped;
    private boolean inputClosed;
    private boolean stopping;
    int index; // LoopConnections': where it stands in the list.

    HttpConnection(
            LoopConnections loop,
            Handlers handlers,
            Admission admission,
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
        loop.remove(this);
        waiting.clear();
        if (sink != null) {
            sink.closed();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (phase == Phase.STREAMING || phase == Phase.LINGERING) {
                drop(ctx, message);
            } else if (message instanceof HttpObject part) {
                read(ctx, part);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void read(ChannelHandlerContext ctx, HttpObject part) {
        Incoming incoming = reader().read(part);
        if (incoming == null) {
            inviteBody(ctx);
            return;
        }
        decoder.restart();
        waiting.add(incoming);
        if (waiting.size() >= MAX_WAITING) {
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
        if (dropped > MAX_DROPPED) {
            ctx.close();
        }
    }

    /** Says 100 when the client waits for it and its turn has come. */
    private void inviteBody(ChannelHandlerContext ctx) {
        if (phase == Phase.IDLE && waiting.isEmpty() && reader().takeExpectation()) {
            ctx.writeAndFlush(
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.CONTINUE,
                            Unpooled.EMPTY_BUFFER));
        }
    }

    private void next(ChannelHandlerContext ctx) {
        if (phase != Phase.IDLE) {
            return;
        }
        switch (waiting.poll()) {
            case null -> inviteBody(ctx);
            case Incoming.Whole whole -> {
                phase = Phase.BUSY;
                handlers.start(() -> serve(ctx, whole));
            }
            case Incoming.Refused refused -> refuse(ctx, refused);
        }
    }

    /** On the request's virtual thread. */
    private void serve(ChannelHandlerContext ctx, Incoming.Whole incoming) {
        Response response = handlers.handle(incoming.request());
        boolean streams = response.body() instanceof Body.Stream && !incoming.headOnly();
        if (streams && !admission.enter(incoming.request().clientAddress().getAddress())) {
            response = admission.refusal(incoming.request(), response);
        }
        ResponseWriter writer = open(incoming, response);
        if (response.body() instanceof Body.Stream stream && !incoming.headOnly()) {
            stream(ctx, incoming, writer, stream);
        } else {
            ctx.executor().execute(() -> answer(ctx, incoming, writer));
        }
    }

    private static ResponseWriter open(Incoming.Whole incoming, Response response) {
        try {
            return new ResponseWriter(response);
        } catch (IOException e) {
            LOG.log(Level.ERROR, incoming.request() + ": its body cannot be opened", e);
            return ResponseWriter.of(new HttpException(500));
        }
    }

    private void answer(ChannelHandlerContext ctx, Incoming.Whole incoming, ResponseWriter writer) {
        boolean keepAlive =
                incoming.keepAlive() && !inputClosed && !stopping && !writer.asksToClose();
        ChannelFuture written = writer.write(ctx, incoming, keepAlive);
        since = System.nanoTime();
        if (!keepAlive) {
            linger(ctx, written);
            return;
        }
        phase = Phase.IDLE;
        if (waiting.isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
        next(ctx);
    }

    /** On the request's virtual thread, which goes on into the stream's writer. */
    private void stream(
            ChannelHandlerContext ctx,
            Incoming.Whole incoming,
            ResponseWriter writer,
            Body.Stream stream) {
        var out = new ChannelSink(ctx, options.streamBuffer(), incoming.chunked(), loop.space());
        InetAddress client = incoming.request().clientAddress().getAddress();
        out.onClose(() -> admission.leave(client));
        limitAge(out);
        ctx.executor().execute(() -> beginStream(ctx, incoming, writer, out));
        try {
            stream.writer().writeTo(out);
            if (!out.isFed()) {
                out.end();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "the body of " + incoming.request() + " failed", e);
            out.abort();
        }
    }

    private void limitAge(ChannelSink out) {
        long most = options.maxStreamAge().toMillis();
        if (most > 0) {
            long age = most - ThreadLocalRandom.current().nextLong(most / 5 + 1);
            out.endAt(Instant.now().plusMillis(age));
        }
    }

    private void beginStream(
            ChannelHandlerContext ctx,
            Incoming.Whole incoming,
            ResponseWriter writer,
            ChannelSink out) {
        if (!ctx.channel().isActive() || inputClosed) {
            out.closed();
            ctx.close();
            return;
        }
        phase = Phase.STREAMING;
        sink = out;
        waiting.clear();
        writer.writeStreamHead(ctx, incoming);
        // What the decoder still holds comes back to channelRead, and is dropped there.
        ctx.pipeline().remove(decoder);
        ctx.pipeline().remove(HttpResponseEncoder.class);
        ctx.channel().config().setAutoRead(true);
        if (stopping) {
            out.dismiss(admission.spread());
        }
    }

    private void refuse(ChannelHandlerContext ctx, Incoming.Refused refused) {
        waiting.clear();
        LOG.log(Level.DEBUG, () -> ctx.channel().remoteAddress() + " was refused: " + refused);
        var answer = ResponseWriter.of(new HttpException(refused.status(), refused.reason()));
        linger(ctx, answer.write(ctx, refused, false));
    }

    /**
     * Ends the connection when the answer is out and the client has ended too, or does not within a
     * bound.
     */
    private void linger(ChannelHandlerContext ctx, ChannelFuture written) {
        phase = Phase.LINGERING;
        since = System.nanoTime();
        ctx.channel().config().setAutoRead(true);
        if (inputClosed) {
            written.addListener(ChannelFutureListener.CLOSE);
        } else {
            written.addListener(done -> ((SocketChannel) ctx.channel()).shutdownOutput());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            switch (phase) {
                case BUSY -> {} // Who has ended before the answer waits for it.
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

    /** Looks whether something is overdue. */
    void tick(long now) {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return;
        }
        switch (phase) {
            case IDLE -> tickIdle(ctx, now);
            case BUSY -> {}
            case STREAMING -> tickStream(ctx, now);
            case LINGERING -> {
                if (now - since > LINGER && isDone(ctx, now)) {
                    ctx.close();
                }
            }
        }
    }

    private void tickIdle(ChannelHandlerContext ctx, long now) {
        long headAt = reader().headAt();
        long byteAt = decoder.firstByteAt();
        if (headAt != 0) {
            if (now - headAt > options.bodyTimeout().toNanos()) {
                refuse(ctx, new Incoming.Refused(408, "the body came too slowly"));
            }
        } else if (byteAt != 0) {
            if (now - byteAt > options.headTimeout().toNanos()) {
                refuse(ctx, new Incoming.Refused(408, "the head came too slowly"));
            }
        } else if (now - since > options.idleTimeout().toNanos() && isDone(ctx, now)) {
            ctx.close();
        }
    }

    private void tickStream(ChannelHandlerContext ctx, long now) {
        ChannelSink out = sink;
        if (out == null) {
            return;
        }
        if (!out.isOpen()) {
            if (isDone(ctx, now)) {
                ctx.close();
            }
            return;
        }
        out.tick(now, options.heartbeat().toNanos(), admission.spread());
        if (loop.isGone(ctx.channel(), halfOpen, out.lastWrite(), now)) {
            LOG.log(
                    Level.DEBUG,
                    () -> "the peer of a stream has vanished: " + ctx.channel().remoteAddress());
            ctx.close();
        }
    }

    /** Whether nothing waits for the client to read, or it has read nothing for the idle time. */
    private boolean isDone(ChannelHandlerContext ctx, long now) {
        ChannelOutboundBuffer pending = ctx.channel().unsafe().outboundBuffer();
        if (pending == null || pending.isEmpty()) {
            return true;
        }
        long mark =
                pending.totalPendingWriteBytes() * 31
                        + pending.currentProgress() * 17
                        + pending.size();
        if (mark != progress) {
            progress = mark;
            since = now;
        }
        return now - since > options.idleTimeout().toNanos();
    }

    /** The server stops: ends what is idle or a stream; what is handled gets its answer first. */
    void stop() {
        stopping = true;
        ChannelHandlerContext ctx = context;
        if (ctx != null && (phase == Phase.IDLE || phase == Phase.LINGERING)) {
            closeWhenFlushed(ctx);
        }
        if (sink != null) {
            sink.dismiss(admission.spread());
        }
    }

    void endStreamAt(Instant time) {
        if (sink != null) {
            sink.endAt(time);
        }
    }

    private RequestReader reader() {
        RequestReader made = reader;
        if (made == null) {
            throw new IllegalStateException("no connection yet");
        }
        return made;
    }
}
