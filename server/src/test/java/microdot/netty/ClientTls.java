package microdot.netty;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/** TLS of one {@link StreamClient}. It fails on the first byte that is not encrypted. */
final class ClientTls {
    private final SSLEngine engine;
    private final ByteBuffer plain;
    private final ByteBuffer out;
    private ByteBuffer in;
    private byte[] request = {};

    /** Receives what was decrypted. */
    interface Target {
        void feed(byte[] bytes, int length);
    }

    ClientTls(SSLEngine engine) {
        this.engine = engine;
        engine.setUseClientMode(true);
        int packet = engine.getSession().getPacketBufferSize();
        plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        out = ByteBuffer.allocate(packet);
        in = ByteBuffer.allocate(packet);
    }

    /** Begins the handshake, after which the request is sent. */
    void begin(SocketChannel channel, byte[] text) throws IOException {
        request = text;
        wrap(channel, ByteBuffer.allocate(0));
    }

    private void wrap(SocketChannel channel, ByteBuffer source) throws IOException {
        engine.wrap(source, out);
        out.flip();
        channel.write(out); // A few bytes, which a socket takes at once.
        if (out.hasRemaining()) {
            throw new AssertionError(out + " was not sent (expected: all)");
        }
        out.clear();
    }

    /** Returns whether a close_notify of the server has arrived. */
    boolean isEnded() {
        return engine.isInboundDone();
    }

    void received(SocketChannel channel, byte[] bytes, int length, Target target)
            throws IOException {
        append(bytes, length);
        in.flip();
        while (step(channel, target)) {
            if (request.length > 0
                    && engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
                wrap(channel, ByteBuffer.wrap(request));
                request = new byte[0];
            }
        }
        in.compact();
    }

    private void append(byte[] bytes, int length) {
        if (in.remaining() < length) {
            in = ByteBuffer.allocate(in.position() + length).put(in.flip());
        }
        in.put(bytes, 0, length);
    }

    /** Returns whether there is more to do with what has arrived. */
    private boolean step(SocketChannel channel, Target target) throws IOException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> engine.getDelegatedTask().run();
            case NEED_WRAP -> wrap(channel, ByteBuffer.allocate(0));
            default -> {
                SSLEngineResult result = engine.unwrap(in, plain.clear());
                if (result.bytesProduced() > 0) {
                    target.feed(plain.array(), result.bytesProduced());
                }
                HandshakeStatus now = engine.getHandshakeStatus();
                return result.bytesConsumed() > 0
                        || now == HandshakeStatus.NEED_TASK
                        || now == HandshakeStatus.NEED_WRAP;
            }
        }
        return true;
    }
}
