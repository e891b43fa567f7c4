package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import microdot.internal.NonBlockingHandler;
import org.jspecify.annotations.Nullable;

/**
 * A routed request that is ready to run. A {@link Transport} gets it from {@link
 * Microdot#route(Request)}, asks {@link #mayBlock}, and runs it on the event loop or on a thread
 * that may block. Not safe for use by several threads at the same time, except where it says
 * otherwise.
 */
public final class Call {
    private static final Logger LOG = System.getLogger("microdot");

    /** What hooks see of a request whose client has left: nginx's number. Nobody receives it. */
    private static final int CLIENT_LEFT = 499;

    private final Request request;
    private final Router.Found found;
    private final JsonCodec json;
    private @Nullable Response response;
    private @Nullable Throwable failure;

    Call(Request request, Router.Found found, JsonCodec json) {
        this.request = request;
        this.found = found;
        this.json = json;
        Router.Match match = found.match();
        request.jsonCodec(json);
        if (match == null) {
            return;
        }
        request.params(match.params());
        request.route(match);
        if (match.maxBody() > 0) {
            request.maxBody(match.maxBody());
        }
        if (!NonBlockingHandler.mayBlock(match.handler()) && !hasHooks()) {
            runHere(match.handler());
        }
    }

    private boolean hasHooks() {
        for (Hooks hooks : found.hooks()) {
            if (!hooks.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    // A failure is kept: the error handlers that answer it may block.
    private void runHere(Handler handler) {
        try {
            response = encode(ReturnValues.of(handler.handle(request)));
        } catch (Throwable error) {
            failure = error;
        }
    }

    /**
     * Returns whether {@link #run} may block, so that it must not run on an event loop. Returns
     * false only when the response is ready: {@link Microdot#route(Request)} has run a handler of
     * the framework that never blocks, and no hook applies to the request.
     */
    public boolean mayBlock() {
        return response == null;
    }

    /**
     * Returns whether {@link #run}, and the writer of a streamed body after it, need a platform
     * thread, as {@link Microdot#blocking} asks for.
     */
    public boolean needsPlatformThread() {
        Router.Match match = found.match();
        return match != null && match.handler() instanceof BlockingHandler;
    }

    /**
     * Returns the methods and the path of the route, such as {@code GET /users/{id}}, for log
     * entries that must not differ by request.
     */
    public String route() {
        Router.Match match = found.match();
        return match == null ? "a request without a route" : match.routeName();
    }

    /**
     * Tells the request that its response is a stream, so that {@link Request#isOpen} and {@link
     * Request#onClose} follow the stream. Call it before the body's writer runs.
     */
    public void streams(BodySink sink) {
        request.clientLife().streams(sink);
    }

    /**
     * Tells the request that its client has left before the response was ready, and runs the
     * actions of {@link Request#onClose}. From any thread; does not block.
     *
     * @param executor runs the actions, which may block
     * @param interrupt whether to interrupt {@link #run} if the method is GET or HEAD, as {@link
     *     ServerOptions#interruptAbandoned} says; if it has not begun, no handler runs
     */
    public void clientLeft(Executor executor, boolean interrupt) {
        request.clientLife().leave(executor);
        if (interrupt && (request.method().equals("GET") || request.method().equals("HEAD"))) {
            request.clientLife().abandon();
        }
    }

    /**
     * Answers the request: runs the hooks, the handler and the error handlers. Call it once. It
     * never throws what they throw. The body of the response is still to be written.
     */
    public Response run() {
        Response ready = response;
        if (ready != null) {
            return ready;
        }
        boolean wanted = request.clientLife().begin();
        try {
            return wanted ? answer() : ReturnValues.ofStatus(CLIENT_LEFT);
        } finally {
            request.clientLife().end();
        }
    }

    private Response answer() {
        Response answer;
        try {
            answer = failure == null ? dispatch() : onError(failure, found.hooks());
            if (answer.body() instanceof Body.Stream) {
                request.readBeforeStream();
            }
        } catch (Throwable error) {
            answer = onError(error, found.hooks());
        }
        try {
            for (Hooks hooks : found.hooks().reversed()) {
                for (AfterRequest hook : hooks.after()) {
                    hook.handle(request, answer);
                }
            }
            return encode(answer);
        } catch (Throwable error) {
            return failed(error);
        }
    }

    /**
     * Returns what deletes the files that hold parts of the request's body; null if there are none.
     * A transport runs it, on a thread that may block, after {@link #run}; if the response is a
     * stream, when the stream has ended or will not begin.
     */
    public @Nullable Runnable release() {
        return request.release();
    }

    private Response encode(Response answer) {
        return ConditionalRequests.apply(request, answer.encode(json));
    }

    private Response dispatch() throws Exception {
        Router.Match match = found.match();
        if (match == null) {
            return unmatched(found.allowed());
        }
        for (Hooks hooks : found.hooks()) {
            for (Handler hook : hooks.before()) {
                Object answer = hook.handle(request);
                if (answer != null) {
                    return ReturnValues.of(answer);
                }
            }
        }
        return ReturnValues.of(match.handler().handle(request));
    }

    private Response unmatched(Set<String> allowed) {
        if (allowed.isEmpty()) {
            throw new HttpException(404);
        }
        String allow = String.join(", ", allowed);
        if (request.method().equals("OPTIONS")) {
            return new Response().status(204).header("Allow", allow);
        }
        return onError(new HttpException(405), found.hooks()).header("Allow", allow);
    }

    /** The innermost application that has an error handler for the error answers. */
    private Response onError(Throwable error, List<Hooks> applications) {
        if (request.clientLife().isAbandoned()) {
            return failed(error);
        }
        for (Hooks hooks : applications.reversed()) {
            ErrorHandler<Throwable> handler = hooks.errors().find(error);
            if (handler != null) {
                return handled(error, handler);
            }
        }
        if (error instanceof HttpException http) {
            return Response.text(String.valueOf(http.getMessage())).status(http.status());
        }
        return failed(error);
    }

    private Response handled(Throwable error, ErrorHandler<Throwable> handler) {
        try {
            Object answer = handler.handle(request, error);
            Response response = ReturnValues.of(answer);
            boolean own = answer instanceof Response || answer instanceof Integer;
            return own ? response : response.status(ErrorHandlers.status(error));
        } catch (Throwable second) {
            second.addSuppressed(error);
            return failed(second);
        }
    }

    // The one place that logs a failure; the client gets the status 500 and no detail.
    private Response failed(Throwable error) {
        if (request.clientLife().isAbandoned()) {
            LOG.log(Level.DEBUG, request + " was cancelled", error);
            return ReturnValues.ofStatus(CLIENT_LEFT);
        }
        LOG.log(Level.ERROR, request + " failed", error);
        return ReturnValues.ofStatus(500);
    }
}
