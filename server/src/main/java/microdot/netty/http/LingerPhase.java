package microdot.netty.http;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import microdot.CloseReason;
import microdot.netty.loop.Connection;
import microdot.netty.stream.StallDetector;
import microdot.netty.tls.TlsHandler;

/**
 * The last response is written; further input is dropped. The connection is closed when the client
 * has closed its side too, or after a timeout. Closing it with unread input would send a reset,
 * which can destroy the response in flight.
 */
final class LingerPhase implements ConnectionPhase {
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
                        TlsHandler.endOutput(channel);
                    });
        }
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
        } else if (!StallDetector.isWriting(channel) && now - since > Connection.LONGEST_LINGER) {
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
