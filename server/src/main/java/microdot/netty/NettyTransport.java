package microdot.netty;

import java.io.IOException;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Transport;

/** Serves HTTP/1.1 with Netty: with epoll where it is available, with NIO elsewhere. */
public final class NettyTransport implements Transport {
    /** Creates the transport. {@link java.util.ServiceLoader} calls this. */
    public NettyTransport() {}

    @Override
    public Server start(Microdot app, ServerOptions options) throws IOException {
        return NettyServer.start(app, options);
    }
}
