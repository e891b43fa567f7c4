package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.socket.DuplexChannel;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.DeadPeerProbe;
import microdot.netty.stream.StallDetector;
import org.jspecify.annotations.Nullable;

/** The connection is a stream, its last response. Its sink writes; input is dropped. */
final class StreamPhase implements ConnectionPhase {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** How many bytes a client may send after the request of a stream, before it is closed. */
    private static final int MAX_DROPPED = 64 << 10;

    private final HttpConnection connection;
    private final ChannelSink sink;
    private final DeadPeerProbe probe = new DeadPeerProbe();
    private @Nullable StallDetector stall; // Made when bytes wait, to save memory till then.
    private long dropped;

    StreamPhase(HttpConnection connection, ChannelSink sink) {
        this.connection = connection;
        this.sink = sink;
    }

    @Override
    public void read(Object message) {
        if (message instanceof ByteBuf bytes) {
            dropped += bytes.readableBytes();
        } else if (message instanceof ByteBufHolder holder) {
            dropped += holder.content().readableBytes();
        }
        if (dropped > MAX_DROPPED) {
            connection.channel().close();
        }
    }

    @Override
    public void inputClosed() {
        connection.channel().close(); // A client that closes its side of a stream has left it.
    }

    @Override
    public void tick(long now) {
        if (!sink.isOpen()) {
            closeIfStalled(now);
            return;
        }
        sink.tick(now);
        DuplexChannel channel = connection.channel();
        if (sink.mayWait()) {
            closeIfStalled(now);
        } else {
            stall = null;
        }
        if (connection.loop().streams().isGone(channel, probe, sink.lastWrite(), now)) {
            LOG.log(
                    Level.DEBUG,
                    () -> "the client of a stream has vanished: " + channel.remoteAddress());
            sink.abort(CloseReason.CLIENT_VANISHED);
            channel.close();
        }
    }

    private void closeIfStalled(long now) {
        if (!StallDetector.isWriting(connection.channel())) {
            stall = null;
            return;
        }
        StallDetector detector = stall;
        if (detector == null) {
            detector = new StallDetector();
            stall = detector;
        }
        if (connection.loop().streams().isStalled(connection.channel(), detector, now)) {
            LOG.log(
                    Level.DEBUG,
                    () ->
                            "the client of a stream has stalled: "
                                    + connection.channel().remoteAddress());
            sink.abort(CloseReason.CLIENT_STALLED);
            connection.channel().close();
        }
    }

    @Override
    public void stop() {
        sink.closeWithRetry(CloseReason.SERVER_CLOSING);
    }

    @Override
    public void closed() {
        sink.disconnected();
    }

    @Override
    public void drain(LongSupplier ends) {
        sink.endBy(ends.getAsLong());
    }
}
