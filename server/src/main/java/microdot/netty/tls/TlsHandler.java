package microdot.netty.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** TLS of one connection. */
public final class TlsHandler extends SslHandler {
    /** The type of a record that belongs to a handshake (RFC 5246, section 6.2.1). */
    private static final int HANDSHAKE = 22;

    private boolean outputEnded;

    TlsHandler(SSLEngine engine) {
        super(engine);
        setHandshakeTimeoutMillis(0); // The phase of the connection has a timeout.
    }

    /**
     * Refuses a new handshake on the connection, which only TLS 1.2 has: each costs the server as
     * much as a connection (CVE-2011-1473). BoringSSL has none, the JDK does by default.
     */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
            throws SSLException {
        if (outputEnded) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.isReadable()
                && in.getUnsignedByte(in.readerIndex()) == HANDSHAKE
                && handshakeFuture().isSuccess()) {
            throw new SSLException("the client began another handshake");
        }
        super.decode(ctx, in, out);
    }

    /**
     * Closes the connection after a close_notify. If bytes wait that the client does not read, it
     * is closed at once and they are dropped, as without TLS.
     */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) throws Exception {
        ChannelOutboundBuffer pending = ctx.channel().unsafe().outboundBuffer();
        if (pending == null || pending.isEmpty()) {
            super.close(ctx, promise);
        } else {
            ctx.close(promise);
        }
    }

    /**
     * Ends the server's side of a connection. Over TLS a close_notify comes first, by which the
     * client knows that nothing was truncated.
     */
    public static void endOutput(DuplexChannel channel) {
        TlsHandler tls = channel.pipeline().get(TlsHandler.class);
        if (tls == null) {
            channel.shutdownOutput();
        } else {
            tls.endOutput().addListener(done -> channel.shutdownOutput());
        }
    }

    /**
     * Sends a close_notify after what was written, and drops what arrives from now on. An engine
     * whose output has ended decrypts nothing more.
     */
    private ChannelFuture endOutput() {
        outputEnded = true;
        return closeOutbound();
    }

    /** Returns the certificate that the client has shown; null if it has none. */
    public @Nullable X509Certificate clientCertificate() {
        try {
            return engine().getSession().getPeerCertificates()[0] instanceof X509Certificate shown
                    ? shown
                    : null;
        } catch (SSLPeerUnverifiedException e) {
            return null;
        }
    }

    /** Returns the bytes of an unfinished record, with their buffer. On the event loop. */
    public long memory() {
        return actualReadableBytes() == 0 ? 0 : internalBuffer().capacity();
    }
}
