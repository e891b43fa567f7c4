package microdot.netty;

import java.io.IOException;
import java.util.function.BiFunction;
import microdot.Call;
import microdot.HttpException;
import microdot.Request;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Transport;
import org.jspecify.annotations.Nullable;

/** Serves HTTP/1.1 and HTTP/2 with Netty: with epoll where it is available, with NIO elsewhere. */
public final class NettyTransport implements Transport {
    /** Creates the transport. {@link java.util.ServiceLoader} calls this. */
    public NettyTransport() {}

    @Override
    public Server start(
            BiFunction<Request, @Nullable HttpException, Call> app, ServerOptions options)
            throws IOException {
        return NettyServer.start(app, options);
    }
}
