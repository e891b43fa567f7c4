package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import microdot.internal.NonBlockingHandler;
import microdot.internal.Required;
import microdot.internal.RouteName;
import org.jspecify.annotations.Nullable;

/**
 * A routed request that is ready to run. A {@link Transport} gets it from {@link
 * Microdot#route(Request)}, asks {@link #mayBlock}, and runs it on the event loop or on a thread
 * that may block. Not safe for use by several threads at the same time, except where it says
 * otherwise.
 */
public final class Call {
    private static final Logger LOG = System.getLogger("microdot");

    private final Request request;
    private final Router.Found found;
    private final HandlerChain chain;
    private @Nullable Response response;
    private @Nullable Throwable failure;

    Call(Request request, Router.Found found, JsonCodec json, @Nullable HttpException refusal) {
        this.request = request;
        this.found = found;
        this.chain = new HandlerChain(request, found, json);
        Router.Match match = found.match();
        request.jsonCodec(json);
        request.params(found.params());
        failure = refusal;
        if (match != null) {
            request.route(match);
        }
        if (match == null || refusal != null) {
            if (!hasHooks() && !hasErrorHandlers()) {
                // 404, 405, OPTIONS or a refusal: no code of the application runs.
                response = chain.run(refusal);
            }
            return;
        }
        if (match.maxBody() > 0) {
            request.maxBody(match.maxBody());
        }
        if (!NonBlockingHandler.mayBlock(match.handler(), request) && !hasHooks()) {
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

    private boolean hasErrorHandlers() {
        for (Hooks hooks : found.hooks()) {
            if (!hooks.errors().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    // A failure is kept: the error handlers that answer it may block.
    private void runHere(Handler handler) {
        try {
            response = chain.runAlone(handler);
        } catch (Throwable error) {
            failure = error;
        }
    }

    /**
     * Returns whether {@link #run} may block, so that it must not run on an event loop. Returns
     * false only when the response is ready: no hook applies to the request, and it has no route,
     * or {@link Microdot#route(Request)} has run a handler of the framework that never blocks.
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
        return match == null ? RouteName.NONE : match.routeName();
    }

    /**
     * Marks the response of the request as a stream, so that {@link Request#isOpen} and {@link
     * Request#onClose} follow the stream. Call it before the body's writer runs.
     */
    public void streams(BodySink sink) {
        Required.notNull(sink, "sink", "the sink of the stream");
        request.clientLife().streams(sink);
    }

    /**
     * Marks the client of the request as gone before the response was ready, and runs the actions
     * of {@link Request#onClose}. If {@link #run} has not begun, it runs no handler. From any
     * thread; does not block.
     *
     * @param executor runs the actions, which may block
     * @param interrupt whether to interrupt {@link #run} if the method is GET or HEAD, as {@link
     *     ServerOptions#interruptAbandoned} says
     */
    public void clientLeft(Executor executor, boolean interrupt) {
        Required.notNull(executor, "executor", "an executor");
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
            return wanted ? chain.run(failure) : chain.clientLeft();
        } finally {
            request.clientLife().end();
        }
    }

    /**
     * Sets what runs when the handler begins to wait for events: the request then does not count in
     * {@link ServerOptions#maxRequests} any more. Call it before {@link #run}. The action must not
     * block.
     */
    public void onWait(Runnable action) {
        request.clientLife().onWait(Required.notNull(action, "action", "what runs then"));
    }

    /**
     * Wakes a handler that waits for events, because the server drains or stops: it answers with
     * what it has. Other handlers do not notice. From any thread; does not block.
     */
    public void stopWaiting() {
        request.clientLife().stopWaiting();
    }

    /**
     * Returns whether {@link #runAfterResponse} is to be called: whether the application has a hook
     * for the end of the response.
     */
    public boolean isObserved() {
        for (Hooks hooks : found.hooks()) {
            if (!hooks.afterResponse().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Runs the hooks for the end of the response. Call it once, on a thread that may block. Throws
     * nothing.
     */
    public void runAfterResponse(Outcome outcome) {
        Required.notNull(outcome, "outcome", "an outcome");
        for (Hooks hooks : found.hooks().reversed()) {
            for (AfterResponse hook : hooks.afterResponse()) {
                finish(hook, outcome);
            }
        }
    }

    private void finish(AfterResponse hook, Outcome outcome) {
        try {
            hook.handle(request, outcome);
        } catch (Exception | Error e) {
            LOG.log(Level.ERROR, () -> "an afterResponse hook of " + request + " failed", e);
        }
    }

    /** Returns what the application threw, if {@link #run} answered it with a 5xx; else null. */
    public @Nullable Throwable error() {
        return chain.error();
    }

    /**
     * Returns an empty response for a request that the transport rejects without running it. It has
     * the CORS fields, without which a page of another origin could not read the rejection; not
     * where a function of the application decides about the origin. Does not block.
     */
    public Response rejection() {
        Cors cors = found.cors();
        boolean decided = cors != null && !cors.runsUserCode();
        return decided ? chain.withCors(new Response()) : new Response();
    }

    /**
     * Returns what deletes the files that hold parts of the request's body; null if there are none.
     * A transport runs it, on a thread that may block, after {@link #run}; if the response is a
     * stream, when the stream has ended or will not begin.
     */
    public @Nullable Runnable release() {
        return request.release();
    }
}
