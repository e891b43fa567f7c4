package microdot.netty;

import java.io.IOException;
import java.util.function.Function;
import microdot.Call;
import microdot.Request;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Transport;

/** Serves HTTP/1.1 with Netty: by epoll where it is there, by NIO elsewhere. */
public final class NettyTransport implements Transport {
    /** As {@link java.util.ServiceLoader} needs it. */
    public NettyTransport() {}

    @Override
    public Server start(Function<Request, Call> app, ServerOptions options) throws IOException {
        return NettyServer.start(app, options);
    }
}
