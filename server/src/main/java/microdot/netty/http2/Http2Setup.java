package microdot.netty.http2;

import io.netty.channel.socket.DuplexChannel;
import microdot.netty.exchange.ServerContext;
import microdot.netty.loop.LoopConnections;
import microdot.netty.proxy.Peer;

/** Begins HTTP/2 on a connection whose client speaks it. */
public final class Http2Setup {
    private Http2Setup() {}

    /**
     * Adds the handlers of HTTP/2 to a pipeline, as the last ones; the next bytes that they read
     * must be the client's preface. On the event loop.
     */
    public static void begin(
            DuplexChannel channel, ServerContext server, LoopConnections loop, Peer peer) {
        Http2ServerConnection.begin(channel, server, loop, peer);
    }
}
