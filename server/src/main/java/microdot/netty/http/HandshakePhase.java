package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.DecoderException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import microdot.CloseReason;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/** The connection begins with a TLS handshake. What follows is of the protocol that ALPN chose. */
final class HandshakePhase implements ConnectionPhase {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private static final String EXPECTED = "this port expects HTTPS (expected: https://)\n";

    private static final String PLAIN_TEXT_RESPONSE =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: "
                    + EXPECTED.length()
                    + "\r\nConnection: close\r\n\r\n"
                    + EXPECTED;

    /** What follows the handshake: the pipeline of a protocol, and its phase. */
    interface Next {
        void begin(TlsHandler tls);
    }

    private final HttpConnection connection;
    private final Next next;
    private final long since = System.nanoTime();
    private boolean failed;

    HandshakePhase(HttpConnection connection, Next next) {
        this.connection = connection;
        this.next = next;
    }

    @Override
    public void plainText() {
        LOG.log(
                Level.DEBUG,
                () -> connection.channel().remoteAddress() + " spoke HTTP without TLS; it got 400");
        ByteBuf response =
                ByteBufUtil.writeAscii(connection.channel().alloc(), PLAIN_TEXT_RESPONSE);
        ChannelFuture written = connection.channel().writeAndFlush(response);
        connection.become(new LingerPhase(connection, written));
    }

    @Override
    public void handshake(TlsHandler tls, @Nullable Throwable failure) {
        if (failure == null) {
            connection.input(0);
            next.begin(tls);
        } else {
            fail(failure);
        }
    }

    @Override
    public void read(Object message) {}

    @Override
    public void readComplete() {
        TlsHandler tls = connection.tls();
        if (tls != null && !connection.input(tls.memory())) {
            connection.close(CloseReason.OVER_BUDGET);
        }
    }

    @Override
    public boolean failed(Throwable cause) {
        boolean ofHandshake = cause instanceof DecoderException;
        if (ofHandshake) {
            fail(cause.getCause() == null ? cause : cause.getCause());
        }
        return ofHandshake;
    }

    /** Scanners and clients of old protocols fail all the time: one line each, and no stack. */
    private void fail(Throwable cause) {
        if (failed) {
            return;
        }
        failed = true;
        LOG.log(
                Level.DEBUG,
                () ->
                        "the TLS handshake of "
                                + connection.channel().remoteAddress()
                                + " failed: "
                                + (cause instanceof ClosedChannelException
                                        ? "the client has left"
                                        : cause.getMessage()));
        connection.channel().close();
    }

    @Override
    public void inputClosed() {
        connection.channel().close();
    }

    @Override
    public void tick(long now) {
        if (now - since > connection.server().options().headTimeout().toNanos()) {
            fail(new IllegalStateException("it took longer than headTimeout"));
        }
    }

    @Override
    public void stop() {
        connection.channel().close();
    }

    @Override
    public void closed() {}
}
