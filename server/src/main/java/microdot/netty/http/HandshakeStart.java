package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import microdot.netty.tls.TlsContext;

/**
 * Waits for the first byte of a connection to a TLS port, and becomes its TLS handler. A client
 * that has sent nothing so costs no TLS engine. A client that speaks HTTP without TLS gets 400.
 */
final class HandshakeStart extends ByteToMessageDecoder {
    /** The event that the client sends HTTP without TLS. */
    enum Event {
        PLAIN_TEXT
    }

    private final TlsContext tls;
    private boolean refused;

    HandshakeStart(TlsContext tls) {
        this.tls = tls;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (refused) {
            in.skipBytes(in.readableBytes());
            return;
        }
        byte first = in.getByte(in.readerIndex());
        // A method begins with an upper-case letter, and no record of TLS has such a type.
        if (first >= 'A' && first <= 'Z') {
            refused = true;
            in.skipBytes(in.readableBytes());
            ctx.fireUserEventTriggered(Event.PLAIN_TEXT);
        } else {
            // The new handler gets what was read.
            ctx.pipeline().replace(this, null, tls.newHandler(ctx.alloc()));
        }
    }
}
