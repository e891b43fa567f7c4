package microdot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An application: routes, hooks and error handlers. They may be added at any time, from any thread;
 * a request sees those that stood when it came.
 */
public final class Microdot {
    private static final Logger LOG = System.getLogger("microdot");

    private final Router router = new Router();
    private final ErrorHandlers errors = new ErrorHandlers();
    private final List<Handler> before = new CopyOnWriteArrayList<>();
    private final List<AfterRequest> after = new CopyOnWriteArrayList<>();
    private volatile JsonCodec json = JsonCodec.standard();

    /** Answers GET, and with it HEAD, at a path such as {@code /users/{id:int}}. */
    public Microdot get(String path, Handler handler) {
        return route(path, handler, "GET");
    }

    public Microdot post(String path, Handler handler) {
        return route(path, handler, "POST");
    }

    public Microdot put(String path, Handler handler) {
        return route(path, handler, "PUT");
    }

    public Microdot patch(String path, Handler handler) {
        return route(path, handler, "PATCH");
    }

    public Microdot delete(String path, Handler handler) {
        return route(path, handler, "DELETE");
    }

    /**
     * Answers these methods at a path. Of two routes that fit, the one added first answers.
     *
     * @param path {@code /{name}} takes a segment, {@code /{name:int}} one that is a number, {@code
     *     /{name:path}} all that is left
     * @throws IllegalArgumentException when the path is malformed or no method is given
     */
    public Microdot route(String path, Handler handler, String... methods) {
        if (methods.length == 0) {
            throw new IllegalArgumentException("methods: none (expected: one or more, as \"GET\")");
        }
        Set<String> capitals =
                Arrays.stream(methods)
                        .map(method -> method.toUpperCase(Locale.ROOT))
                        .collect(Collectors.toSet());
        router.add(capitals, path, handler);
        return this;
    }

    /**
     * Puts another application's routes below a prefix. Its hooks and error handlers serve its own
     * routes: its before hooks run after this application's, its after hooks ahead of them.
     *
     * @throws IllegalArgumentException when the application is mounted into itself, be it by way of
     *     others, or the prefix is malformed
     */
    public Microdot mount(String prefix, Microdot app) {
        if (app == this || app.router.leadsTo(this)) {
            throw new IllegalArgumentException(
                    "app: this application, or one that it is mounted in (expected: no circle)");
        }
        router.mount(prefix, app);
        return this;
    }

    /**
     * Runs ahead of each matched route. What it returns, unless null, is the answer, and nothing
     * else runs.
     */
    public Microdot beforeRequest(Handler hook) {
        before.add(hook);
        return this;
    }

    /** Sees each response, errors too, before its head is sent. */
    public Microdot afterRequest(AfterRequest hook) {
        after.add(hook);
        return this;
    }

    /** Answers requests that end with this status by an exception, 404 and 405 included. */
    public Microdot errorHandler(int status, Handler handler) {
        errors.put(status, handler);
        return this;
    }

    /**
     * Answers requests whose handler threw this exception or one derived from it; the nearest class
     * wins.
     */
    public <E extends Throwable> Microdot errorHandler(Class<E> type, ErrorHandler<E> handler) {
        errors.put(type, handler);
        return this;
    }

    /** Changes how JSON is read and written. */
    public Microdot jsonCodec(JsonCodec codec) {
        this.json = codec;
        return this;
    }

    /** How JSON is read and written. */
    public JsonCodec jsonCodec() {
        return json;
    }

    /**
     * Answers one request: what a transport or a test calls. Never throws for what handlers do. The
     * body of the response is still to be written.
     */
    public Response handle(Request request) {
        request.app(this);
        List<Microdot> apps = new ArrayList<>(List.of(this));
        Response response;
        try {
            response = dispatch(request, apps);
        } catch (Throwable error) {
            response = answer(request, error, apps);
        }
        try {
            for (Microdot app : apps.reversed()) {
                for (AfterRequest hook : app.after) {
                    hook.handle(request, response);
                }
            }
            return ConditionalRequests.apply(request, response.encode(json));
        } catch (Throwable error) {
            return failed(request, error);
        }
    }

    /**
     * Answers a request whose handler does not block, when no hook is there for it: what a
     * transport asks for first, on a thread that many connections share. Null when the request is
     * for {@link #handle}, on a thread that may block.
     */
    public @Nullable Response handleAtOnce(Request request) {
        Router.Match match = router.find(request.method(), request.segments()).match();
        if (match == null || hasHooks(match)) {
            return null;
        }
        Handler handler = match.route().handler();
        request.app(this);
        request.params(match.params());
        try {
            if (handler.mayBlock()) {
                return null;
            }
            Response response = ReturnValues.of(handler.handle(request));
            return ConditionalRequests.apply(request, response.encode(json));
        } catch (Throwable e) {
            LOG.log(Level.DEBUG, "left to a thread, for an error handler may block", e);
            return null;
        }
    }

    private boolean hasHooks(Router.Match match) {
        boolean found = !before.isEmpty() || !after.isEmpty();
        for (Microdot app : match.apps()) {
            found |= !app.before.isEmpty() || !app.after.isEmpty();
        }
        return found;
    }

    private Response dispatch(Request request, List<Microdot> apps) throws Exception {
        Router.Found found = router.find(request.method(), request.segments());
        Router.Match match = found.match();
        if (match == null) {
            return unmatched(request, found.allowed());
        }
        apps.addAll(match.apps());
        request.params(match.params());
        for (Microdot app : apps) {
            for (Handler hook : app.before) {
                Object answer = hook.handle(request);
                if (answer != null) {
                    return ReturnValues.of(answer);
                }
            }
        }
        return ReturnValues.of(match.route().handler().handle(request));
    }

    private Response unmatched(Request request, Set<String> allowed) {
        if (allowed.isEmpty()) {
            throw new HttpException(404);
        }
        String allow = String.join(", ", allowed);
        if (request.method().equals("OPTIONS")) {
            return new Response().status(204).header("Allow", allow);
        }
        Response response = answer(request, new HttpException(405), List.of(this));
        return response.header("Allow", allow);
    }

    /** The innermost application that has a handler for the error answers. */
    private Response answer(Request request, Throwable error, List<Microdot> apps) {
        for (Microdot app : apps.reversed()) {
            ErrorHandler<Throwable> handler = app.errors.find(error);
            if (handler != null) {
                return handled(request, error, handler);
            }
        }
        if (error instanceof HttpException http) {
            return Response.text(String.valueOf(http.getMessage())).status(http.status());
        }
        return failed(request, error);
    }

    private Response handled(Request request, Throwable error, ErrorHandler<Throwable> handler) {
        try {
            Object answer = handler.handle(request, error);
            Response response = ReturnValues.of(answer);
            boolean own = answer instanceof Response || answer instanceof Integer;
            return own ? response : response.status(ErrorHandlers.status(error));
        } catch (Throwable second) {
            second.addSuppressed(error);
            return failed(request, second);
        }
    }

    /**
     * The one place where a failure is logged; the client learns no more than that there was one.
     */
    private static Response failed(Request request, Throwable error) {
        LOG.log(Level.ERROR, request + " failed", error);
        return ReturnValues.ofStatus(500);
    }

    Router router() {
        return router;
    }

    /**
     * Serves on {@code 0.0.0.0:5000} until the process is told to end. See {@link
     * #run(ServerOptions)}.
     */
    public void run() {
        run(new ServerOptions());
    }

    /** Serves on this port of every address. See {@link #run(ServerOptions)}. */
    public void run(int port) {
        run(new ServerOptions().port(port));
    }

    /** Serves on this address and port. See {@link #run(ServerOptions)}. */
    public void run(String host, int port) {
        run(new ServerOptions().host(host).port(port));
    }

    /**
     * Serves, prints the addresses, and blocks until SIGINT, SIGTERM or an interrupt of this
     * thread; then closes the server as {@link Server#close} says.
     *
     * @throws UncheckedIOException when the address cannot be bound; the message names it
     */
    public void run(ServerOptions options) {
        Server server = start(options);
        var hook = new Thread(server::close, "microdot-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        ServerUrls.of(options.host(), server.port()).forEach(System.out::println);
        try {
            server.awaitClosed();
        } catch (InterruptedException e) {
            server.close();
            Thread.currentThread().interrupt();
        }
        removeHook(hook);
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "the process is ending", e);
        }
    }

    /** Starts to serve on this port of every address, 0 for a free one, and returns at once. */
    public Server start(int port) {
        return start(new ServerOptions().port(port));
    }

    /**
     * Starts to serve and returns at once.
     *
     * @throws UncheckedIOException when the address cannot be bound; the message names it
     * @throws IllegalStateException when no {@link Transport} is there
     */
    public Server start(ServerOptions options) {
        @Nullable Transport transport =
                ServiceLoader.load(Transport.class).findFirst().orElse(null);
        if (transport == null) {
            throw new IllegalStateException(
                    "no transport found (expected: the artifact microdot:microdot)");
        }
        try {
            return transport.start(this, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
