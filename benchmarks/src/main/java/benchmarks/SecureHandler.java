package benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.function.Consumer;

/** Passes the decrypted bytes of an HTTP/1.1 connection on. */
final class SecureHandler extends ChannelInboundHandlerAdapter {
    private final byte[] request;
    private final Connections.Bytes bytes;
    private final Runnable ended;
    private final Consumer<Throwable> failed;
    private final byte[] buffer;

    /**
     * @param request is sent when the connection is open; empty to send nothing
     * @param ended runs when the connection has closed
     * @param failed gets what is no fault of the connection, such as an unexpected response
     * @param buffer shared by all connections of the thread
     */
    SecureHandler(
            byte[] request,
            Connections.Bytes bytes,
            Runnable ended,
            Consumer<Throwable> failed,
            byte[] buffer) {
        this.request = request;
        this.bytes = bytes;
        this.ended = ended;
        this.failed = failed;
        this.buffer = buffer;
    }

    /** The TLS handler before this one keeps the request until the handshake is over. */
    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.writeAndFlush(Unpooled.wrappedBuffer(request));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf read = (ByteBuf) message;
        try {
            pass(read, bytes, buffer);
        } finally {
            read.release();
        }
    }

    /** Passes all readable bytes on. */
    static void pass(ByteBuf read, Connections.Bytes bytes, byte[] buffer) {
        while (read.isReadable()) {
            int count = Math.min(read.readableBytes(), buffer.length);
            read.readBytes(buffer, 0, count);
            bytes.take(buffer, 0, count);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        ended.run();
    }

    /** A reset connection closes, and counts as ended. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            failed.accept(cause);
        }
        context.close();
    }
}
