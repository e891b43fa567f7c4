package microdot.netty;

import java.io.IOException;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Transport;

/** Serves HTTP/1.1 with Netty: by epoll where it is there, by NIO elsewhere. */
public final class NettyTransport implements Transport {
    /** As {@link java.util.ServiceLoader} needs it. */
    public NettyTransport() {}

    @Override
    public Server start(Microdot app, ServerOptions options) throws IOException {
        return NettyServer.start(app, options);
    }
}
