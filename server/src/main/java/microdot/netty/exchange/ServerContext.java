package microdot.netty.exchange;

import java.util.function.BiFunction;
import java.util.function.Consumer;
import microdot.Call;
import microdot.HttpException;
import microdot.Request;
import microdot.ServerOptions;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;
import microdot.netty.limits.WaitingMemory;
import org.jspecify.annotations.Nullable;

/**
 * What all exchanges of a server share.
 *
 * @param app routes each request; on an event loop
 * @param failed receives what failed on an event loop
 * @param accessLog null if the server has none
 */
public record ServerContext(
        BiFunction<Request, @Nullable HttpException, Call> app,
        HandlerThreads handlers,
        StreamLimits limits,
        RequestLimit requests,
        WaitingMemory memory,
        ServerOptions options,
        Consumer<Throwable> failed,
        @Nullable AccessLogQueue accessLog) {}
