package microdot.netty.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Function;
import microdot.netty.exchange.ServerContext;
import microdot.netty.loop.Connection;
import microdot.netty.loop.LoopConnections;

/**
 * One client's HTTP/1.1 connection: passes what happens to it to its current {@link
 * ConnectionPhase}. Confined to its event loop.
 */
final class HttpConnection extends Connection {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final SocketChannel channel;
    private final ServerContext server;
    private final LoopConnections loop;
    private ConnectionPhase phase;
    private boolean inputClosed;
    private boolean stopping;

    HttpConnection(
            SocketChannel channel,
            ServerContext server,
            LoopConnections loop,
            Function<HttpConnection, ConnectionPhase> firstPhase) {
        this.channel = channel;
        this.server = server;
        this.loop = loop;
        this.phase = firstPhase.apply(this);
    }

    // ---- For the phases ----

    SocketChannel channel() {
        return channel;
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

    void closeWhenFlushed() {
        // An empty write completes after the writes before it.
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
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
        loop.remove(this);
        phase.closed();
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
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            phase.inputClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset by the client is common; anything else is a fault of the server.
        Level level = cause instanceof IOException ? Level.DEBUG : Level.WARNING;
        LOG.log(
                level,
                () -> "the connection of " + channel.remoteAddress() + " failed; it is closed",
                cause);
        channel.close();
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
    protected void endStreamBy(long time) {
        phase.endStreamBy(time);
    }

    @Override
    public void abort() {
        channel.close();
    }
}
