package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import microdot.AccessLogEntry;
import microdot.Call;
import microdot.CloseReason;
import microdot.Outcome;
import microdot.Request;
import microdot.internal.RouteName;
import microdot.netty.limits.RequestLimit;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.StreamCount;
import org.jspecify.annotations.Nullable;

/**
 * One request as the access log and the hooks for the end of its response see it. A request that
 * nothing observes has none. A stream keeps it, and the request only if there is a hook.
 */
public final class Observation {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final String UNREAD = "-";
    private static final int LONGEST = 1024;

    private final ServerContext server;
    private final SocketAddress client;
    private final String method;
    private final String path;
    private final @Nullable String route;
    private final @Nullable Call hooks;
    private final long begun = System.nanoTime();
    private final AtomicBoolean finished = new AtomicBoolean();
    private boolean stream;

    private Observation(
            ServerContext server,
            SocketAddress client,
            String method,
            String path,
            @Nullable String route,
            @Nullable Call hooks) {
        this.server = server;
        this.client = client;
        this.method = method;
        this.path = path;
        this.route = route;
        this.hooks = hooks;
    }

    /** Returns the observation of a request; null if nothing observes it. */
    static @Nullable Observation of(ServerContext server, Request request, Call call) {
        boolean observed = call.isObserved();
        if (server.accessLog() == null && !observed) {
            return null;
        }
        String route = call.route();
        return new Observation(
                server,
                request.clientAddress(),
                shortened(request.method()),
                shortened(request.path()),
                route.equals(RouteName.NONE) ? null : route,
                observed ? call : null);
    }

    /** Returns the observation of a request that is rejected before it is routed. */
    static @Nullable Observation rejected(ServerContext server, Request request) {
        return server.accessLog() == null
                ? null
                : new Observation(
                        server,
                        request.clientAddress(),
                        shortened(request.method()),
                        shortened(request.path()),
                        null,
                        null);
    }

    /** Thousands of entries may wait to be written, and a client chooses the length of a path. */
    private static String shortened(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    }

    /** Writes the entry of input that was refused because its request line could not be read. */
    public static void refused(ServerContext server, SocketAddress client, int status, long bytes) {
        if (server.accessLog() != null) {
            new Observation(server, client, UNREAD, UNREAD, null, null)
                    .finished(status, bytes, 0, null, null);
        }
    }

    /** The stream has begun: its end is that of the request. */
    void streams(int status, ChannelSink sink) {
        var count = new StreamCount();
        stream = true;
        sink.count(count);
        sink.whenDisconnected(
                () ->
                        finished(
                                status,
                                count.bytes(),
                                count.events(),
                                sink.closeReason(),
                                count.failure()));
    }

    /**
     * The response was sent, or not all of it.
     *
     * @param bytes those of the body
     * @param lost why the client did not get all of it; null if it did
     */
    public void responded(int status, long bytes, @Nullable CloseReason lost) {
        finished(status, bytes, 0, lost, hooks == null ? null : hooks.error());
    }

    /** No response could be made. */
    void failed(Throwable failure) {
        finished(500, 0, 0, CloseReason.FAILED, failure);
    }

    private void finished(
            int status,
            long bytes,
            long events,
            @Nullable CloseReason reason,
            @Nullable Throwable error) {
        if (finished.getAndSet(true)) {
            return;
        }
        Duration duration = Duration.ofNanos(System.nanoTime() - begun);
        var outcome = new Outcome(status, bytes, events, duration, reason, error);
        AccessLogQueue log = server.accessLog();
        if (log != null) {
            log.add(new Line(client, method, path, route, stream, outcome));
        }
        if (hooks != null) {
            runHooks(hooks, outcome);
        }
    }

    /** What waits for the log; it must not keep the request. */
    private record Line(
            SocketAddress client,
            String method,
            String path,
            @Nullable String route,
            boolean stream,
            Outcome outcome)
            implements Supplier<AccessLogEntry> {
        @Override
        public AccessLogEntry get() {
            String address =
                    client instanceof InetSocketAddress inet && !inet.isUnresolved()
                            ? inet.getAddress().getHostAddress()
                            : client.toString();
            return new AccessLogEntry(address, method, path, route, stream, outcome);
        }
    }

    /** Hooks that block count as requests, so that they cannot pile up without a bound. */
    private void runHooks(Call call, Outcome outcome) {
        RequestLimit.Permit permit = server.requests().count();
        Consumer<Throwable> notStarted =
                e -> {
                    permit.leave();
                    server.failed().accept(e);
                    LOG.log(
                            Level.ERROR,
                            () ->
                                    "the afterResponse hooks of "
                                            + method
                                            + " "
                                            + path
                                            + " could not run",
                            e);
                };
        try {
            server.handlers()
                    .start(
                            client,
                            HandlerRun.AFTER_RESPONSE,
                            run -> {
                                try {
                                    call.runAfterResponse(outcome);
                                } finally {
                                    permit.leave();
                                }
                                return null;
                            },
                            notStarted);
        } catch (RuntimeException | Error e) {
            notStarted.accept(e);
        }
    }
}
