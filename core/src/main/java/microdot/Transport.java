package microdot;

import java.io.IOException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Brings requests from the network to an application, and its responses back. {@link
 * Microdot#start(ServerOptions)} finds it with {@link java.util.ServiceLoader}.
 */
public interface Transport {
    /**
     * Starts to listen. The transport hands each request to the application once, and runs the
     * {@link Call} that it gets: on a virtual thread that serves only this request, on a platform
     * thread if {@link Call#needsPlatformThread}, or, unless {@link Call#mayBlock}, on an event
     * loop. It notifies the call when the client leaves before the response is ready ({@link
     * Call#clientLeft}), and that its response is a stream ({@link Call#streams}). Then it writes
     * the response's body as {@link Body} says.
     *
     * <p>When a response was sent or a stream has ended, it calls {@link Call#runAfterResponse} if
     * the call is {@link Call#isObserved}, and writes to {@link ServerOptions#accessLog}.
     *
     * <p>The transport also tells the call that it may not count the request while it waits ({@link
     * Call#onWait}), and wakes it when the server drains or stops ({@link Call#stopWaiting}).
     *
     * @param app routes each request; with the refusal of a request whose head is malformed or too
     *     large, as {@link Microdot#route(Request, HttpException)}
     * @throws IOException when the address cannot be bound; the message names the address
     */
    Server start(BiFunction<Request, @Nullable HttpException, Call> app, ServerOptions options)
            throws IOException;
}
