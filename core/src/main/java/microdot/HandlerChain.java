package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import microdot.internal.RefusedValueException;
import org.jspecify.annotations.Nullable;

/**
 * Answers a routed request: runs the hooks, the handler and the error handlers, and applies what
 * holds for every response: CORS, compressed files, conditional requests. Except {@link #runAlone},
 * the methods that return a response never throw.
 */
final class HandlerChain {
    private static final Logger LOG = System.getLogger("microdot");

    /** The status that after hooks see when the client has left, as in nginx; it is never sent. */
    private static final int CLIENT_LEFT = 499;

    private final Request request;
    private final Router.Found found;
    private final JsonCodec json;
    private volatile @Nullable Throwable error;

    HandlerChain(Request request, Router.Found found, JsonCodec json) {
        this.request = request;
        this.found = found;
        this.json = json;
    }

    /** Runs a handler to which no hook applies; throws what it throws. */
    Response runAlone(Handler handler) throws Exception {
        return withCors(encode(response(handler.handle(request))));
    }

    /**
     * Runs the hooks, the handler and the error handlers.
     *
     * @param failure what the handler threw, if it has run already
     */
    Response run(@Nullable Throwable failure) {
        Cors cors = found.cors();
        return failure == null && cors != null && Cors.isPreflight(request)
                ? preflight(cors)
                : withCors(answer(failure));
    }

    Response clientLeft() {
        return new Response().status(CLIENT_LEFT);
    }

    /** Adds the fields that let pages of other origins read the response. */
    Response withCors(Response response) {
        Cors cors = found.cors();
        if (cors == null) {
            return response;
        }
        try {
            cors.apply(request, response);
            return response;
        } catch (RuntimeException | Error error) {
            return failed(error); // In the application's own test of the origin.
        }
    }

    private Response preflight(Cors cors) {
        try {
            Response response = cors.preflight(request, found.allowed());
            cors.apply(request, response);
            return response;
        } catch (RuntimeException | Error error) {
            return failed(error);
        }
    }

    private Response answer(@Nullable Throwable failure) {
        Response answer;
        try {
            answer = failure == null ? dispatch() : onError(failure);
            if (answer.body() instanceof Body.Stream) {
                request.readBeforeStream();
            }
        } catch (Throwable error) {
            answer = onError(error);
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

    private Response encode(Response answer) {
        Response encoded = PrecompressedFiles.apply(request, answer.encode(json));
        return ConditionalRequests.apply(request, encoded);
    }

    private Response dispatch() throws Exception {
        for (Hooks hooks : found.hooks()) {
            for (Handler hook : hooks.before()) {
                Object answer = hook.handle(request);
                if (answer != null) {
                    return response(answer);
                }
            }
        }
        Router.Match match = found.match();
        return match == null
                ? unmatched(found.allowed())
                : response(match.handler().handle(request));
    }

    private Response response(@Nullable Object answer) {
        Response response = ReturnValues.of(answer).withQuery(request.rawQuery());
        if (response.isIndexOfFolder() && request.isFolderWithoutSlash()) {
            return Response.toFolder(request.path()).withQuery(request.rawQuery());
        }
        String type = answer instanceof CharSequence ? found.textType() : null;
        return type == null ? response : response.header("Content-Type", type);
    }

    private Response unmatched(Set<String> allowed) {
        if (request.isForServer()) {
            return new Response().status(204);
        }
        if (allowed.isEmpty()) {
            throw new HttpException(404);
        }
        String allow = String.join(", ", allowed);
        if (request.method().equals("OPTIONS")) {
            return new Response().status(204).header("Allow", allow);
        }
        return onError(new HttpException(405)).header("Allow", allow);
    }

    /** The innermost application that has an error handler for the error answers. */
    private Response onError(Throwable thrown) {
        if (request.clientLife().isAbandoned()) {
            return failed(thrown);
        }
        Throwable error = seenByClient(thrown);
        List<Hooks> applications = found.hooks().reversed();
        for (Hooks hooks : applications) {
            ErrorHandler<Throwable> handler = hooks.errors().find(error);
            if (handler != null) {
                return handled(error, handler);
            }
        }
        if (error instanceof HttpException http) {
            return ErrorHandlers.answer(http);
        }
        return failed(error);
    }

    /** What the client got wrong is no failure of the application. */
    private Throwable seenByClient(Throwable thrown) {
        if (!(thrown instanceof RefusedValueException refused) || !refused.isFaultOf(request)) {
            return thrown;
        }
        var answer = new HttpException(400, thrown.getMessage());
        answer.initCause(thrown);
        return answer;
    }

    private Response handled(Throwable error, ErrorHandler<Throwable> handler) {
        try {
            Object answer = handler.handle(request, error);
            Response response = response(answer);
            boolean own =
                    answer instanceof Response given
                            ? given.hasStatus()
                            : answer instanceof Integer;
            if (!own) {
                response.status(ErrorHandlers.status(error));
            }
            if (error instanceof HttpException http && response.status() == http.status()) {
                ErrorHandlers.advise(response, http);
            }
            if (response.status() >= 500 && !(error instanceof HttpException)) {
                log(error);
            }
            return response;
        } catch (HttpException answer) {
            // A handler may turn a failure into a status.
            return ErrorHandlers.answer(answer);
        } catch (Throwable second) {
            if (!second.equals(error)) { // A handler may throw what it got.
                second.addSuppressed(error);
            }
            return failed(second);
        }
    }

    /** The client gets the status 500 and no detail. */
    private Response failed(Throwable error) {
        boolean closing = error instanceof InterruptedException && !request.isOpen();
        if (closing || request.clientLife().isAbandoned()) {
            LOG.log(Level.DEBUG, request + " was cancelled", error);
            return clientLeft();
        }
        log(error);
        return ReturnValues.ofStatus(500);
    }

    private void log(Throwable failure) {
        error = failure;
        LOG.log(Level.ERROR, request + " failed", failure);
    }

    /** Returns what the application threw, if it was answered with a 5xx; else null. */
    @Nullable Throwable error() {
        return error;
    }
}
