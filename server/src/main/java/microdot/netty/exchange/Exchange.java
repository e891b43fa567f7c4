package microdot.netty.exchange;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import microdot.Body;
import microdot.Call;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;
import microdot.netty.limits.HandedBodies;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;
import microdot.netty.stream.ChannelSink;
import org.jspecify.annotations.Nullable;

/** One request and its response. It knows no HTTP version: its {@link Responder} does. */
public final class Exchange {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final byte[] NOTHING = {};

    private final ServerContext server;
    private final Request request;
    private final Responder responder;
    private final @Nullable HttpException refusal;
    private @Nullable Call call; // While a thread may run it; confined to the event loop.
    private @Nullable Observation observation; // Set before another thread has this.
    private volatile boolean handled; // The handler has returned.
    private volatile @Nullable HeldHead abandoned; // The head that it holds without its client.
    private @Nullable HandlerRun blockingRun; // May wait for a platform thread; as the call.

    /**
     * Creates the exchange of a request.
     *
     * @param refusal why the transport refuses it; null if it does not
     */
    public Exchange(
            ServerContext server,
            Request request,
            Responder responder,
            @Nullable HttpException refusal) {
        this.server = server;
        this.request = request;
        this.responder = responder;
        this.refusal = refusal;
    }

    /**
     * Routes the request, and responds at once if nothing may block; else a virtual thread
     * responds. On the event loop.
     *
     * <p>Why responses are made on the event loop:
     * docs/decisions/0002-topic-followers-need-no-thread.md (a connect costs 54 to 82 µs of CPU
     * instead of 80 to 104).
     */
    public void begin() {
        try {
            Call routed = server.app().apply(request, refusal);
            observation = Observation.of(server, request, routed);
            if (routed.mayBlock()) {
                start(routed);
                return;
            }
            StreamWriting stream = respond(routed, null);
            if (stream != null && !onLoop(stream)) { // After the head.
                stream.sink().disconnected();
            }
        } catch (RuntimeException | Error e) {
            server.failed().accept(e);
            fail(e);
        }
    }

    /** Returns what observes the request if it is rejected in place of {@link #begin}. */
    public @Nullable Observation rejected() {
        return Observation.rejected(server, request);
    }

    private void start(Call routed) {
        call = routed;
        RequestLimit.Permit permit = server.requests().enter(client());
        if (permit == null) {
            respond(server.limits().rejection(request, routed.rejection()));
            return;
        }
        boolean started = false;
        try {
            routed.onWait(permit::leave);
            if (server.limits().isDraining()) {
                routed.stopWaiting();
            }
            started = startHandler(routed, permit);
        } finally {
            if (!started) { // All threads are busy, or none could be started.
                permit.leave();
            }
        }
        if (!started) {
            respond(server.limits().rejection(request, routed.rejection()));
        }
    }

    private boolean startHandler(Call routed, RequestLimit.Permit permit) {
        HandlerThreads threads = server.handlers();
        HandlerRun.Work work = run -> respondAndLeave(routed, run, permit);
        if (routed.needsPlatformThread()) {
            blockingRun = threads.startBlocking(routed.route(), work);
            return blockingRun != null;
        }
        threads.start(
                request.clientAddress(),
                routed.route(),
                work,
                e -> {
                    permit.leave();
                    server.failed().accept(e);
                    fail(e);
                });
        return true;
    }

    private @Nullable StreamWriting respondAndLeave(
            Call routed, HandlerRun run, RequestLimit.Permit permit) {
        run.responds(() -> leave(routed));
        try {
            return respond(routed, run);
        } finally {
            handled = true;
            permit.leave(); // A stream does not count once it has begun.
            HeldHead head = abandoned;
            if (head != null) {
                head.leave();
            }
        }
    }

    /**
     * Lets a handler that waits for events respond at the given time of {@link System#nanoTime}. On
     * the event loop.
     */
    public void stopWaitingAt(long time, ScheduledExecutorService loop) {
        long delay = Math.max(0, time - System.nanoTime());
        loop.schedule(this::stopWaiting, delay, TimeUnit.NANOSECONDS);
    }

    /** Lets a handler that waits for events respond. On the event loop. */
    public void stopWaiting() {
        Call waiting = call;
        if (waiting != null) {
            waiting.stopWaiting();
        }
    }

    /**
     * The client has left before the response was ready. On the event loop; the connection calls it
     * at most once.
     */
    public void clientLeft() {
        Call waiting = call;
        if (waiting != null) {
            HeldHead head = HeldHead.of(request, server.memory());
            abandoned = head;
            if (handled && head != null) {
                head.leave();
            }
            leave(waiting);
            HandlerRun queued = blockingRun;
            if (queued != null) {
                server.handlers().abandon(queued);
            }
        }
    }

    private void leave(Call abandoned) {
        abandoned.clientLeft(server.handlers(), server.options().interruptAbandoned());
    }

    /**
     * Responds, or begins a stream; returns what writes the stream's body after that.
     *
     * @param run the run of the handler that writes a stream; null on the event loop
     */
    private @Nullable StreamWriting respond(Call call, @Nullable HandlerRun run) {
        try {
            // Bodies that are being made cannot be counted: then better fewer of them.
            if (server.memory().isFull() && !responder.handed().mayMake()) {
                respond(server.limits().rejection(request, call.rejection()));
                return released(call);
            }
            Response response = call.run();
            if (response.body() instanceof Body.Stream stream && takesBody(response)) {
                if (server.limits().enter(client())) {
                    return beginStream(call, run, response, stream);
                }
                response = server.limits().rejection(request, response);
            }
            handOver(call, response);
        } catch (RuntimeException | Error e) {
            fail(e);
        }
        return released(call);
    }

    private static @Nullable StreamWriting released(Call call) {
        Runnable release = call.release();
        if (release != null) {
            release.run();
        }
        return null;
    }

    private void fail(Throwable failure) {
        // Without this the client would wait forever.
        LOG.log(
                Level.ERROR,
                () -> request + ": no response could be sent; its connection is closed",
                failure);
        responder.abort();
        Observation observed = observation;
        if (observed != null) {
            observed.failed(failure);
        }
    }

    private boolean takesBody(Response response) {
        return !request.method().equals("HEAD") && !OpenedResponse.isBodiless(response);
    }

    /** The body counts from now on, also while the event loop is busy with others. */
    private void handOver(Call call, Response response) {
        byte[] body = response.body() instanceof Body.Bytes made ? made.bytes() : NOTHING;
        if (body.length < HandedBodies.LEAST) {
            respond(response);
            return;
        }
        Runnable taken = responder.handed().add(body);
        if (taken == null) {
            respond(server.limits().rejection(request, call.rejection()));
            return;
        }
        try {
            respond(response, taken);
        } catch (RuntimeException | Error e) {
            taken.run();
            throw e;
        }
    }

    private void respond(Response small) {
        respond(small, () -> {});
    }

    private void respond(Response response, Runnable taken) {
        OpenedResponse opened = open(response);
        Observation observed = observation;
        Runnable task =
                () -> {
                    taken.run();
                    responder.respond(opened, observed);
                };
        if (!onLoop(task)) {
            taken.run();
            opened.release();
            if (observed != null) {
                observed.responded(response.status(), 0, CloseReason.SERVER_CLOSING);
            }
        }
    }

    /** Returns null for a client without an IP address, which no limit counts. */
    private @Nullable InetAddress client() {
        return request.clientAddress() instanceof InetSocketAddress inet ? inet.getAddress() : null;
    }

    private OpenedResponse open(Response response) {
        try {
            return OpenedResponse.open(response);
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    () -> request + ": the file cannot be opened; responded with 500",
                    e);
            return OpenedResponse.of(new HttpException(500));
        }
    }

    private @Nullable StreamWriting beginStream(
            Call call, @Nullable HandlerRun run, Response response, Body.Stream stream) {
        ChannelSink sink = responder.openStream(stream.closingFrames());
        call.streams(sink);
        if (run == null) {
            server.handlers().streamBegan();
        } else {
            run.streams(sink);
        }
        sink.onClose(leaving(server.limits(), client()));
        Observation observed = observation;
        if (observed != null) {
            observed.streams(response.status(), sink);
        }
        Runnable release = call.release();
        if (release != null) {
            sink.afterClose(release);
        }
        limitAge(sink);
        OpenedResponse head = open(response);
        if (!onLoop(() -> responder.beginStream(head, sink))) {
            sink.disconnected();
            return null;
        }
        HeldHead held = run == null ? null : HeldHead.of(request, server.memory());
        return new StreamWriting(request, stream.writer(), sink, held);
    }

    // Static, so that a topic's stream does not keep its request.
    private static Runnable leaving(StreamLimits limits, @Nullable InetAddress client) {
        return () -> limits.leave(client);
    }

    private void limitAge(ChannelSink sink) {
        long longest = TimeUnit.NANOSECONDS.convert(server.options().maxStreamAge());
        if (longest > 0) {
            // Up to a fifth earlier, so that streams that began together do not end together.
            long age = longest - ThreadLocalRandom.current().nextLong(longest / 5 + 1);
            // Practically unlimited, and the difference to a clock still fits a long.
            sink.endBy(System.nanoTime() + Math.min(age, Long.MAX_VALUE / 4));
        }
    }

    /** Returns false if the server has stopped, and the connection with it. */
    private boolean onLoop(Runnable task) {
        try {
            responder.loop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.log(
                    Level.DEBUG,
                    () -> request + " finished after the server had stopped; response dropped");
            return false;
        }
    }
}
