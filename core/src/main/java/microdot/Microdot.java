package microdot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.util.Arrays;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import microdot.internal.ClosedAtEnd;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * An application: routes, hooks and error handlers. They may be added at any time, from any thread.
 * A request uses the routes that existed when it was routed.
 */
public final class Microdot {
    private static final Logger LOG = System.getLogger("microdot");

    private static final Pattern TEXT_TYPE = Pattern.compile("[\\w.+-]+/[\\w.+-]+");

    private final Hooks hooks = new Hooks();
    private final Router router = new Router(hooks);
    private volatile JsonCodec json = JsonCodec.standard();

    /**
     * Gives a name to a regular expression for a segment of a path: after {@code pathType("slug",
     * "[a-z0-9-]+")}, {@code /{name:slug}} matches one segment that consists of these characters.
     * It holds for the routes and mounts that are added to this application afterwards.
     *
     * @throws IllegalArgumentException when the name is one of the framework's or is no word, when
     *     the regular expression is malformed, or when the name has another one already
     */
    public Microdot pathType(String name, String regex) {
        router.types().put(name, regex);
        return this;
    }

    /** Adds a route for GET and HEAD at a path such as {@code /users/{id:int}}. */
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
     * Adds a route for these methods at a path. If two routes match a request, the route that was
     * added first answers.
     *
     * @param path {@code /{name}} matches one segment, {@code /{name:int}} and {@code /{name:long}}
     *     one segment that is a number, {@code /{name:[0-9a-f]+}} one segment that matches the
     *     regular expression, {@code /{name:slug}} one segment of the {@link #pathType} {@code
     *     slug}, {@code /{name:path}} the rest of the path
     * @param methods names of at most 32 characters; upper and lower case are the same
     * @throws IllegalArgumentException when the path is malformed, no method is given, or a route
     *     of this method and path exists
     */
    public Microdot route(String path, Handler handler, String... methods) {
        Required.notNull(path, "path", "a path such as /users/{id}");
        Required.notNull(methods, "methods", "one or more, as \"GET\"");
        if (methods.length == 0) {
            throw new IllegalArgumentException("methods: none (expected: one or more, as \"GET\")");
        }
        Set<String> capitals =
                Arrays.stream(methods).map(HttpMethod::ofRoute).collect(Collectors.toSet());
        router.add(capitals, path, Required.notNull(handler, "handler", "a handler"));
        return this;
    }

    /**
     * Returns a handler that runs on a platform thread instead of a virtual one, for code that
     * computes for long or waits in native code (a serial device, a FIFO, a camera): {@code
     * app.get("/sensor", blocking(withSse(...)))}. On virtual threads as many of these as there are
     * cores would delay all other handlers.
     *
     * <p>The server has {@link ServerOptions#blockingThreads} such threads for all its routes, 64
     * by default. A handler of a stream takes one for as long as its stream lasts. When all are
     * busy, as many requests wait; further ones are rejected: with 503 and {@code Retry-After}, or
     * with 200 and {@code retry} for a client that accepts {@code text/event-stream}.
     *
     * <p>Give a route the result itself: another handler around it runs on a virtual thread again.
     */
    public static Handler blocking(Handler handler) {
        Required.notNull(handler, "handler", "a handler");
        return new BlockingHandler(handler);
    }

    /**
     * Returns a handler whose requests may have a body of this many bytes, instead of {@link
     * ServerOptions#maxBody()}: {@code app.post("/upload", maxBody(100 << 20, handler))}. It holds
     * for the hooks of the route too. A larger body is answered with 413 when it is read. {@link
     * Request#body} and what uses it keep the body in memory; for a large one use {@link
     * Request#stream} or {@link Request#parts}.
     *
     * @throws IllegalArgumentException when the number of bytes is not positive
     */
    public static Handler maxBody(long bytes, Handler handler) {
        Required.notNull(handler, "handler", "a handler");
        if (bytes <= 0) {
            throw new IllegalArgumentException(
                    "maxBody: " + bytes + " (expected: a positive number of bytes)");
        }
        return new BodyLimit(bytes, handler);
    }

    /**
     * Adds another application's routes below a prefix. Its hooks and error handlers apply to its
     * own routes only. Its before hooks run after those of this application, its after hooks run
     * before them.
     *
     * @throws IllegalArgumentException when the application would be mounted in itself, directly or
     *     through others, or is mounted at the prefix already, or when the prefix is malformed
     */
    public Microdot mount(String prefix, Microdot app) {
        Required.notNull(prefix, "prefix", "a path such as /admin");
        Required.notNull(app, "app", "an application");
        if (app == this || app.router.leadsTo(router)) {
            throw new IllegalArgumentException(
                    "app: this application, or an application that it is mounted in (expected: no circle)");
        }
        router.mount(prefix, app.router);
        return this;
    }

    /**
     * Adds a hook that runs before each request of this application: all its paths, or those below
     * the prefix where it is mounted, also paths without a route (404, 405) and OPTIONS. If it
     * returns a value that is not null, that is the response: no further before hook runs, and no
     * handler.
     */
    public Microdot beforeRequest(Handler hook) {
        hooks.before().add(Required.notNull(hook, "hook", "a handler"));
        return this;
    }

    /**
     * Adds a hook that gets each response to the requests that {@link #beforeRequest} names, errors
     * too, before its head is sent.
     */
    public Microdot afterRequest(AfterRequest hook) {
        hooks.after().add(Required.notNull(hook, "hook", "a hook"));
        return this;
    }

    /**
     * Adds a hook that runs once for each request that {@link #beforeRequest} names, when its
     * response was sent or its stream has ended, for whatever cause: for metrics, and to release
     * what the request used. It runs on its own virtual thread, not on that of the handler; {@link
     * Request#g} passes values to it. What it throws is logged. A closing server waits for it.
     *
     * <p>A stream keeps its {@link Request} in memory for the hook.
     */
    public Microdot afterResponse(AfterResponse hook) {
        hooks.afterResponse().add(Required.notNull(hook, "hook", "a hook"));
        return this;
    }

    /**
     * Adds a handler that answers requests that failed with this status: by an {@link
     * HttpException}, because no route matched (404, 405), or for 500 by any other exception.
     *
     * @throws IllegalArgumentException when the status is not from 400 to 599, or has a handler
     *     already
     */
    public Microdot errorHandler(int status, Handler handler) {
        Required.notNull(handler, "handler", "a handler");
        return errorHandler(status, (request, error) -> handler.handle(request));
    }

    /**
     * Adds a handler that answers requests that failed with this status, and gets the exception. A
     * failure with status 500 is logged whether or not it has a handler.
     *
     * @throws IllegalArgumentException when the status is not from 400 to 599, or has a handler
     *     already
     */
    public Microdot errorHandler(int status, ErrorHandler<Throwable> handler) {
        hooks.errors().put(status, Required.notNull(handler, "handler", "a handler"));
        return this;
    }

    /**
     * Adds a handler that answers requests whose handler threw this exception or a subclass of it.
     * The handler of the most specific class answers. An {@link HttpException} goes to the handler
     * of its own class or of its status, not to that of a superclass such as {@code Exception}. The
     * failure is logged unless the handler answers it with a status below 500.
     *
     * @throws IllegalArgumentException when the class has a handler already
     */
    public <E extends Throwable> Microdot errorHandler(Class<E> type, ErrorHandler<E> handler) {
        Required.notNull(type, "type", "a class of exceptions");
        hooks.errors().put(type, Required.notNull(handler, "handler", "a handler"));
        return this;
    }

    /**
     * Allows pages of other origins to read the responses of this application, or of the prefix
     * where it is mounted; default none. Preflights are answered before any hook runs. If an
     * application that is mounted in this one has its own rules, they replace these.
     *
     * @throws IllegalStateException when the application has rules already
     */
    public Microdot cors(Cors rules) {
        Required.notNull(rules, "rules", "the origins; new Cors() for none");
        if (hooks.cors() != null) {
            throw new IllegalStateException(
                    "cors: set twice (expected: one new Cors() with all origins)");
        }
        hooks.cors(rules);
        return this;
    }

    /**
     * Sets the content type of text that a handler returns, instead of {@code text/plain}: {@code
     * app.textType("text/html")}. The text is sent in UTF-8. It holds for this application and
     * those mounted in it that set none of their own; {@link Response#text} is not affected.
     *
     * @throws IllegalArgumentException when it is no content type, or has parameters
     */
    public Microdot textType(String type) {
        Required.notNull(type, "type", "a content type such as text/html");
        if (!TEXT_TYPE.matcher(type).matches()) {
            throw new IllegalArgumentException(
                    "type: "
                            + Quoted.of(type)
                            + " (expected: a content type without parameters, such as text/html)");
        }
        hooks.textType(type + "; charset=UTF-8");
        return this;
    }

    /** Sets the codec that reads and writes JSON; default {@link JsonCodec#standard()}. */
    public Microdot jsonCodec(JsonCodec codec) {
        Required.notNull(codec, "codec", "a codec");
        this.json = codec;
        return this;
    }

    /** Returns the codec that reads and writes JSON. */
    public JsonCodec jsonCodec() {
        return json;
    }

    /**
     * Routes a request, for a transport or a test; {@link Call#run} then gives its response. A
     * handler of the framework that never blocks has run when this returns, if no hook applies to
     * the request. No code of the application has run: this may be called on an event loop.
     */
    public Call route(Request request) {
        return route(request, null);
    }

    /**
     * Routes a request that the transport refuses, because its head is malformed or too large:
     * {@link Call#run} answers it as if its handler had thrown the refusal. No before hook and no
     * handler runs.
     */
    public Call route(Request request, @Nullable HttpException refusal) {
        Required.notNull(request, "request", "a request");
        return new Call(request, router.find(request.method(), request.segments()), json, refusal);
    }

    /**
     * Serves on {@code 0.0.0.0:5000} until the process gets SIGINT or SIGTERM. See {@link
     * #run(ServerOptions)}.
     */
    public void run() {
        run(new ServerOptions());
    }

    /** Serves on this port, on every address. See {@link #run(ServerOptions)}. */
    public void run(int port) {
        run(new ServerOptions().port(port));
    }

    /** Serves on this address and port. See {@link #run(ServerOptions)}. */
    public void run(String host, int port) {
        run(new ServerOptions().host(host).port(port));
    }

    /**
     * Serves, prints the addresses, and blocks until SIGINT, SIGTERM or an interrupt of this
     * thread; then closes the server as {@link Server#close()} does, and, if the process ends, all
     * topics with a store. If the address cannot be bound, prints one sentence that names it and
     * ends the process with status 1.
     *
     * <p>After SIGINT, SIGTERM or {@link System#exit} the process has ended within {@link
     * ServerOptions#closeTimeout()} and a second, whatever handlers and other shutdown hooks do;
     * its status is 143 if it had to be halted. When the server cannot go on, because an {@link
     * OutOfMemoryError} hit its own threads, the process ends with a message and the status 3, so
     * that its supervisor restarts it.
     */
    public void run(ServerOptions options) {
        Required.notNull(options, "options", "options");
        var end = new ProcessEnd(options.closeTimeout());
        Server server = startOrExit(options.onFailure(end.onFailure(options.onFailure())));
        Runnable closing =
                () -> {
                    end.terminated();
                    try {
                        server.close();
                    } finally {
                        ClosedAtEnd.closeAll();
                    }
                };
        var hook = new Thread(closing, "microdot-shutdown");
        if (!addHook(hook)) {
            closing.run();
            return;
        }
        ServerUrls.of(options, server.port()).forEach(System.out::println);
        try {
            server.awaitClosed();
        } catch (InterruptedException e) {
            server.close();
            Thread.currentThread().interrupt();
        }
        removeHook(hook);
    }

    /** The address is the operator's to mend: a stack trace would only hide the sentence. */
    private Server startOrExit(ServerOptions options) {
        try {
            return start(options);
        } catch (UncheckedIOException e) {
            Throwable cause = e.getCause();
            System.err.println(
                    "microdot: "
                            + (cause == null ? e : cause).getMessage()
                            + (cause instanceof BindException
                                    ? " (expected: a free port and an address of this machine)"
                                    : ""));
            System.exit(1);
            throw e;
        }
    }

    /** Returns false when the process is ending already, by a SIGTERM while the server started. */
    private static boolean addHook(Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            return true;
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "no shutdown hook: the process is ending", e);
            return false;
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "the shutdown hook stays: the process is ending", e);
        }
    }

    /** Starts a server on this port, 0 for a free one, on every address, and returns at once. */
    public Server start(int port) {
        return start(new ServerOptions().port(port));
    }

    /**
     * Starts a server and returns at once.
     *
     * @throws UncheckedIOException when the address cannot be bound; the message names the address
     * @throws IllegalStateException when no {@link Transport} is on the class path or module path
     */
    public Server start(ServerOptions options) {
        Required.notNull(options, "options", "options");
        @Nullable Transport transport =
                ServiceLoader.load(Transport.class).findFirst().orElse(null);
        if (transport == null) {
            throw new IllegalStateException(
                    "no transport found (expected: the artifact microdot:microdot)");
        }
        try {
            return transport.start(this::route, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
