package microdot.netty.http;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import java.util.concurrent.TimeUnit;
import microdot.CloseReason;
import microdot.netty.stream.StallDetector;
import microdot.netty.tls.TlsHandler;

/**
 * The last response is written; further input is dropped. The connection is closed when the client
 * has closed its side too, or after a timeout. Closing it with unread input would send a reset,
 * which can destroy the response in flight.
 */
final class LingerPhase implements ConnectionPhase {
    /** How long the client's end is awaited after the response, whatever it still sends. */
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(2);

    private final HttpConnection connection;
    private final StallDetector stall = new StallDetector();
    private long since = System.nanoTime();

    /**
     * Begins the phase.
     *
     * @param response the write of the last response
     */
    LingerPhase(HttpConnection connection, ChannelFuture response) {
        this.connection = connection;
        DuplexChannel channel = connection.channel();
        channel.config().setAutoRead(true);
        if (connection.isInputClosed()) {
            response.addListener(ChannelFutureListener.CLOSE);
        } else {
            response.addListener(
                    done -> {
                        since = System.nanoTime();
                        shutDownOutput(channel);
                    });
        }
    }

    /** Over TLS, the client knows by a close_notify that the response was not truncated. */
    private void shutDownOutput(DuplexChannel channel) {
        TlsHandler tls = connection.tls();
        if (tls == null) {
            channel.shutdownOutput();
        } else {
            tls.endOutput().addListener(done -> channel.shutdownOutput());
        }
    }

    @Override
    public boolean isEnding() {
        return true;
    }

    @Override
    public void read(Object message) {}

    @Override
    public void inputClosed() {
        connection.closeWhenFlushed();
    }

    @Override
    public void tick(long now) {
        DuplexChannel channel = connection.channel();
        if (connection.loop().streams().isStalled(channel, stall, now)) {
            connection.close(CloseReason.CLIENT_STALLED);
        } else if (StallDetector.isWriting(channel) && stall.hasReadAt(now)) {
            connection.clientReads();
        } else if (!StallDetector.isWriting(channel) && now - since > LONGEST) {
            channel.close();
        }
    }

    @Override
    public void stop() {
        connection.closeWhenFlushed();
    }

    @Override
    public void closed() {}
}
