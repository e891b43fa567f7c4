package microdot.netty.exchange;

import java.util.function.Consumer;
import java.util.function.Function;
import microdot.Call;
import microdot.Request;
import microdot.ServerOptions;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;

/**
 * What all exchanges of a server share.
 *
 * @param app routes a request; on an event loop
 * @param failed receives what failed on an event loop
 */
public record ServerContext(
        Function<Request, Call> app,
        HandlerThreads handlers,
        StreamLimits limits,
        RequestLimit requests,
        ServerOptions options,
        Consumer<Throwable> failed) {}
